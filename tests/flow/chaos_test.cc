// Random sequences of everything that can happen to a stream: blocked partitions that are skipped, dead-letter floods,
// changing options, partly refused commits, consumers that break, are fenced, leave or are handed over into a
// rebalance, processes that stop or are killed. FRESHET_FLOW_SEED=N repeats one seed, FRESHET_FLOW_SEEDS=N sets the
// number of seeds.
#include <random>

#include "flow.h"
#include "seeds.h"

namespace freshet::flow {
namespace {

const char* const kFates[] = {"row", "row", "row", "row", "row", "row", "bad", "skip", "refused", "replace"};

class Chaos {
 public:
  explicit Chaos(uint64_t seed)
      : random_(seed),
        has_dead_letters_(random_below(3) != 0),
        partitions_(static_cast<int32_t>(1 + random_below(4))),
        flow_(settings(), options(), has_dead_letters_) {}

  void run() {
    for (int step = 0; step < 500 && !testing::Test::HasFatalFailure(); ++step) {
      happen();
      if (flow_.pipeline.closed()) flow_.restart([&] { return random_below(2) == 0; });
    }
    come_to_rest();
    flow_.expect_complete();
    EXPECT_EQ(flow_.status().in_flight_bytes, 0u);
  }

 private:
  uint64_t random_below(uint64_t n) { return random_() % n; }
  size_t any_of(size_t n) { return random_below(std::max<size_t>(1, n)); }

  FlowSettings settings() {
    auto settings = random_below(2) == 0 ? Flow::default_settings() : Flow::with_side_outputs();
    settings.side_outputs.replacements = true;
    settings.memory_limit = 20'000 + random_below(300'000);
    settings.batch_deadline = seconds(random_below(20));
    return settings;
  }
  LiveOptions options() {
    LiveOptions options;
    options.max_batch_rows = 1 + random_below(60);
    options.max_batch_time = milliseconds(1 + random_below(3000));
    options.clickhouse_concurrency = static_cast<uint32_t>(1 + random_below(3));
    options.dead_letters_per_second = random_below(2) == 0 ? 0 : 0.1 * static_cast<double>(1 + random_below(30));
    options.dead_letter_burst = 1 + random_below(40);
    return options;
  }

  void happen() {
    const auto p = static_cast<int32_t>(random_below(static_cast<uint64_t>(partitions_)));
    const uint64_t what = random_below(100);
    if (what < 12)
      return flow_.produce(p, kFates[random_below(std::size(kFates))], static_cast<int>(1 + random_below(30)));
    if (what < 26) return void(flow_.deliver(p, static_cast<int64_t>(1 + random_below(40))));
    if (what < 40) return void(flow_.work(any_of(flow_.work_waits())));
    if (what < 50) return void(flow_.write(any_of(flow_.batches.size())));
    if (what < 55) return answer_dead_letter();
    if (what < 63) return answer_commit();
    if (what < 70) return flow_.advance(milliseconds(random_below(4000)));
    if (what < 74) return void(flow_.take_record(Flow::kTopics[random_below(3)]));
    if (what < 76) return give_back();
    if (what < 84) return assign(p);
    if (what < 87) return revoke(p);
    if (what < 89) return stick(p);
    if (what < 91) return skip(p);
    if (what < 93) return source_says(p);
    seldom(p);
  }

  void seldom(int32_t p) {
    const uint64_t what = random_below(12);
    // After a stop, no consumer follows this one.
    if (what < 4 && what != 2 && flow_.status().draining) return;
    switch (what) {
      case 0:
        return hand_over();
      case 1:
        return flow_.hand_over_into_a_rebalance();
      case 2:
        return flow_.breaks(random_below(2) == 0);
      case 3:
        return leave();
      case 4:
        return flow_.stop();
      case 5:
        return flow_.restart([&] { return random_below(2) == 0; });
      case 6:
        return flow_.set_options(options());
      case 7:
        return flow_.pipeline.pause_commits(random_below(2) == 0);
      case 8:
        return flow_.refetch(p);
      case 9:
        if (!flow_.batches.empty()) insert_fails();
        return;
      default:
        return somebody_else(p);
    }
  }

  void answer_dead_letter() {
    const size_t i = any_of(flow_.dead_letters.size());
    const uint64_t how = random_below(6);
    const ErrorKind kind = how == 0 ? ErrorKind::Retry : ErrorKind::Invalid;
    flow_.dead_letter_result(i, how > 1 ? Status() : Status(failure(kind, "not taken")));
  }
  void answer_commit() {
    std::set<int32_t> refused;
    while (random_below(3) == 0) refused.insert(static_cast<int32_t>(random_below(static_cast<uint64_t>(partitions_))));
    flow_.commit_but(refused, random_below(3) == 0);
  }
  void give_back() {
    flow_.give_back_records(Flow::kTopics[random_below(3)],
                            random_below(3) == 0 ? ErrorKind::Invalid : ErrorKind::Retry);
  }
  void insert_fails() {
    const bool blocked = random_below(3) == 0;
    flow_.pipeline.on_insert_failure(
        flow_.batches[any_of(flow_.batches.size())]->id,
        {blocked ? InsertFailure::Class::Operator : InsertFailure::Class::Overload, 252, "no", 1, blocked}, flow_.now);
  }
  void assign(int32_t p) {
    if (flow_.closing || flow_.revoke_waits() || flow_.owns(p)) return;
    stuck_.erase(p);
    flow_.assign({p});
  }
  void revoke(int32_t p) {
    if (flow_.closing || flow_.revoke_waits() || !flow_.owns(p)) return;
    flow_.revoke({p}, random_below(3) == 0);
    if (flow_.revoke_waits() && random_below(2) == 0) move_meanwhile(static_cast<int32_t>((p + 1) % partitions_));
  }
  // A seek that the library learns about only after the revoke is answered; until then it reads from its old position.
  void move_meanwhile(int32_t p) {
    if (flow_.is_revoking(p) || !flow_.owns(p) || stuck_.contains(p) || flow_.commit_waits()) return;
    flow_.stick(p);
    flow_.unstick(p, flow_.committed(p));
    flow_.deliver(p, static_cast<int64_t>(1 + random_below(40)));
    if (flow_.library_is_at_end(p)) flow_.end_of(p);
  }
  void hand_over() {
    if (flow_.closing) return;
    if (flow_.revoke_waits()) return flow_.hand_over_into_a_rebalance();
    flow_.hand_over(random_below(2) == 0);
  }
  // Leaves the group and rejoins it.
  void leave() {
    if (flow_.closing || flow_.revoke_waits()) return;
    const bool hangs = random_below(3) == 0;
    const bool inserts_hang = random_below(3) == 0;
    flow_.leave();
    for (int i = 0; i < 100 && !flow_.pipeline.closed(); ++i) {
      if (flow_.closing && !hangs) flow_.close();
      if (!flow_.pipeline.closed()) happen_while_closing(inserts_hang);
    }
    ASSERT_TRUE(flow_.pipeline.closed()) << "leaving has no end";
    flow_.start_next_consumer();
    flow_.lose_everything();
  }
  void happen_while_closing(bool inserts_hang) {
    if (!inserts_hang) flow_.write(any_of(flow_.batches.size()));
    if (random_below(2) == 0) answer_commit();
    if (random_below(2) == 0) answer_dead_letter();
    flow_.advance(milliseconds(random_below(400)));
  }
  // Only for a partition of which this process has nothing in flight: the other member begins at the committed offset.
  void somebody_else(int32_t p) {
    if (flow_.closing || flow_.revoke_waits() || flow_.owns(p) || !flow_.produced(p)) return;
    const uint64_t taken = random_below(1 + flow_.left(p));
    const auto next = flow_.committed(p) + static_cast<int64_t>(taken);
    flow_.consumed_elsewhere(p, next, next + static_cast<int64_t>(random_below(1 + flow_.left(p) - taken)));
  }

  const PartitionStatus* status_of(int32_t p) {
    status_ = flow_.status();
    for (const PartitionStatus& one : status_.partitions) {
      if (one.partition.value == p) return &one;
    }
    return nullptr;
  }
  void source_says(int32_t p) {
    const uint64_t what = random_below(3);
    if (what == 0 && flow_.library_is_at_end(p)) return flow_.end_of(p);
    if (what == 1 && flow_.owns(p) && !stuck_.contains(p)) {
      flow_.fall_out_of_range(p, flow_.committed(p) + static_cast<int64_t>(random_below(1 + flow_.left(p))));
      return;
    }
    const int64_t low = flow_.low(p);
    flow_.reset_offset(p, random_below(3) == 0 ? flow_.end(p) : low);
  }
  // The source loses the offset of the partition, or later finds the committed one.
  void stick(int32_t p) {
    const PartitionStatus* status = status_of(p);
    if (status == nullptr || flow_.closing || flow_.is_revoking(p) || !flow_.owns(p)) return;
    if (!stuck_.contains(p)) {
      stuck_.insert(p);
      return flow_.stick(p);
    }
    if (flow_.commit_waits()) return;
    stuck_.erase(p);
    flow_.unstick(p, flow_.committed(p));
  }
  // Resumes after the message that blocks the partition, or skips unread messages.
  void skip(int32_t p) {
    const PartitionStatus* status = status_of(p);
    if (status == nullptr || status->blocked.empty() || flow_.closing) return;
    const int64_t position = status->position.value;
    if (stuck_.contains(p) && random_below(2) == 0) return go_back(p);
    const bool at_position = stuck_.contains(p) || flow_.commit_waits() || random_below(2) == 0;
    const int64_t next = at_position ? position : flow_.committed(p) + static_cast<int64_t>(random_below(40));
    const int64_t most = std::min(next, flow_.end(p));
    std::set<std::pair<int32_t, int64_t>> bad;
    for (int64_t o = flow_.committed(p); o < most; ++o) {
      const std::string& fate = flow_.fate(p, o);
      if (o >= position || fate == "bad" || fate == "refused" || fate == "replace") bad.insert({p, o});
    }
    // Dropped messages may be committed in the same turn.
    const auto before = flow_.dropped;
    flow_.dropped.insert(bad.begin(), bad.end());
    const auto skipped = flow_.skip(p, most);
    if (!skipped || (skipped->messages_dropped == 0 && skipped->offsets_skipped == 0)) {
      flow_.dropped = before;
      if (!skipped) return;
    }
    stuck_.erase(p);
  }

  // The operator resumes below the committed offset.
  void go_back(int32_t p) {
    const auto next = static_cast<int64_t>(random_below(1 + static_cast<uint64_t>(flow_.committed(p))));
    const auto before = flow_.operator_decided;
    flow_.operator_decided[p] = next;
    if (flow_.skip(p, next)) {
      stuck_.erase(p);
    } else {
      flow_.operator_decided = before;
    }
  }

  void come_to_rest() {
    flow_.pipeline.pause_commits(false);
    for (int round = 0; round < 200; ++round) {
      LiveOptions free = LiveOptions();
      free.dead_letters_per_second = 0;
      flow_.set_options(free);
      for (int32_t p = 0; p < partitions_; ++p) {
        const PartitionStatus* status = status_of(p);
        if (status != nullptr && !status->blocked.empty()) skip(p);
      }
      flow_.settle();
      if (flow_.pipeline.closed()) flow_.restart([&] { return false; });
      for (int32_t p = 0; p < partitions_; ++p) assign(p);
      flow_.settle();
      const auto status = flow_.status();
      const bool blocked = std::any_of(status.partitions.begin(), status.partitions.end(),
                                       [](const auto& one) { return !one.blocked.empty(); });
      if (!blocked && flow_.owned() == static_cast<size_t>(partitions_)) return;
    }
    FAIL() << "a partition is blocked for ever: " << flow_.status().partitions[0].blocked;
  }

  std::mt19937_64 random_;
  const bool has_dead_letters_;
  const int32_t partitions_;
  Flow flow_;
  StreamStatus status_;
  std::set<int32_t> stuck_;
};

TEST(FlowChaosTest, NothingIsEverLost) {
  run_seeds("flow_chaos_test", {}, [](uint64_t seed) { Chaos(seed).run(); });
}

}  // namespace
}  // namespace freshet::flow
