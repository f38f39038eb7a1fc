// Exactly-once delivery: random sequences of crashes, takeovers, rebalances, lost commits and inserts that arrive late
// leave every row in the table once. FRESHET_FLOW_SEED=N repeats one seed, FRESHET_FLOW_SEEDS=N runs that many.
#include <cstdlib>
#include <random>

#include "flow.h"

namespace freshet::flow {
namespace {

const char* const kFates[] = {"row", "row", "row", "row", "row", "row", "row", "bad", "skip"};
constexpr uint64_t kRefusedOneIn = 30;

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : random_(seed), flow_(settings(), options()) {
    partitions_ = static_cast<int32_t>(1 + below(4));
    flow_.names_no_row = below(2) == 0;
    for (int32_t p = 0; p < partitions_; ++p) flow_.assign({p});
  }

  void steps() {
    for (int step = 0; step < 600 && !testing::Test::HasFatalFailure(); ++step) {
      if (below(25) == 0) {
        fault();
      } else {
        work();
      }
      replace_ended_consumer();
    }
    flow_.settle();
    replace_ended_consumer();
    assign_all();
    flow_.settle();
    while (flow_.late_insert_arrives()) {
    }
    flow_.expect_complete();
    for (const auto& at : flow_.table) EXPECT_EQ(flow_.table.count(at), 1u) << at.first << ":" << at.second;
    EXPECT_EQ(flow_.guarantee_ended(), 0u);
    EXPECT_EQ(flow_.status().in_flight_bytes, 0u);
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  FlowSettings settings() {
    FlowSettings settings = Flow::exactly_once();
    settings.side_outputs.commit_log = below(4) == 0;
    settings.memory_limit = 20'000 + below(200'000);
    settings.max_inserts_per_second = below(2) == 0 ? 0 : 2;
    return settings;
  }
  LiveOptions options() {
    LiveOptions options;
    options.max_batch_rows = 1 + below(60);
    options.max_batch_time = milliseconds(1 + below(3000));
    options.clickhouse_concurrency = static_cast<uint32_t>(1 + below(3));
    options.dead_letters_per_second = 0;
    return options;
  }
  int32_t any_partition() { return static_cast<int32_t>(below(static_cast<uint64_t>(partitions_))); }
  void assign_all() {
    for (int32_t p = 0; p < partitions_; ++p) {
      if (!flow_.owns(p)) flow_.assign({p});
    }
  }

  // A commit was unanswered when its partitions had to be given up.
  void replace_ended_consumer() {
    if (!flow_.pipeline.closed()) return;
    flow_.start_next_consumer();
    flow_.lose_everything();
  }

  void work() {
    const int32_t p = any_partition();
    const size_t batch = below(std::max<size_t>(1, flow_.batches.size()));
    switch (below(17)) {
      case 0:
      case 1:
        if (below(kRefusedOneIn) == 0) {
          flow_.produce(p, "refused", static_cast<int>(1 + below(5)));
        } else {
          flow_.produce(p, kFates[below(std::size(kFates))], static_cast<int>(1 + below(30)));
        }
        break;
      case 2:
      case 3:
      case 4:
        flow_.deliver(p, static_cast<int64_t>(1 + below(40)));
        break;
      case 5:
      case 6:
      case 7:
        flow_.work(below(std::max<size_t>(1, flow_.work_waits())));
        break;
      case 8:
      case 9:
        if (below(8) == 0 && flow_.takes_all(batch)) {
          flow_.block(batch);
        } else {
          flow_.write(batch);
        }
        break;
      case 10:
        flow_.dead_letter_result(below(std::max<size_t>(1, flow_.dead_letters.size())),
                                 below(3) == 0 ? Status(failure(ErrorKind::Retry, "later")) : Status());
        break;
      case 11:
      case 12:
        flow_.commit(below(5) != 0);
        break;
      case 13:
        flow_.advance(milliseconds(below(4000)));
        break;
      case 14:
        flow_.take_record(SideTopicName::CommitLog);
        break;
      case 15:
        flow_.report_plans();
        break;
      default:
        if (!flow_.revoke_waits() && !flow_.owns(p)) flow_.assign({p});
    }
  }

  void fault() {
    const int32_t p = any_partition();
    switch (below(5)) {
      case 0:
        flow_.restart([this] { return below(2) == 0; });
        assign_all();
        break;
      case 1:
        flow_.hand_over(below(2) == 0);
        break;
      case 2:
        if (!flow_.revoke_waits() && flow_.owns(p)) flow_.revoke({p}, below(2) == 0);
        break;
      case 3:
        flow_.late_insert_arrives(below(4));
        break;
      default:
        if (flow_.library_is_at_end(p)) flow_.end_of(p);
    }
  }

  std::mt19937_64 random_;
  Flow flow_;
  int32_t partitions_ = 1;
};

uint64_t number_in(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(FlowExactlyOnceTest, EveryRowIsStoredOnce) {
  if (const uint64_t seed = number_in("FRESHET_FLOW_SEED", 0); seed > 0) return RandomRun(seed).steps();
  const uint64_t seeds = number_in("FRESHET_FLOW_SEEDS", 400);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    print_seed(seed);
    RandomRun(seed).steps();
    if (HasFailure()) FAIL() << "again with FRESHET_FLOW_SEED=" << seed << " flow_exactly_once_test";
  }
}

}  // namespace
}  // namespace freshet::flow
