// Random sequences of events must keep the invariants. FRESHET_FLOW_SEED=N repeats one seed.
#include <random>

#include "flow.h"
#include "seeds.h"

namespace freshet::flow {
namespace {

const char* const kFates[] = {"row", "row", "row", "row", "row", "row", "bad", "skip", "refused", "replace"};

void run(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto random_below = [&](uint64_t n) { return random() % n; };
  LiveOptions options;
  options.max_batch_rows = 1 + random_below(60);
  options.max_batch_time = milliseconds(1 + random_below(3000));
  options.clickhouse_concurrency = static_cast<uint32_t>(1 + random_below(3));
  options.dead_letters_per_second = 0;
  auto settings = seed % 2 == 0 ? Flow::default_settings() : Flow::with_side_outputs();
  settings.side_outputs.replacements = true;
  settings.memory_limit = 20'000 + random_below(200'000);
  const bool with_others = random_below(2) == 0;
  Flow flow(settings, options);
  const auto partitions = static_cast<int32_t>(1 + random_below(4));
  bool elsewhere = false;
  for (int32_t p = 0; p < partitions; ++p) flow.assign({p});
  for (int step = 0; step < 600 && !testing::Test::HasFatalFailure(); ++step) {
    const auto p = static_cast<int32_t>(random_below(static_cast<uint64_t>(partitions)));
    switch (random_below(21)) {
      case 0:
      case 1:
        flow.produce(p, kFates[random_below(std::size(kFates))], static_cast<int>(1 + random_below(30)));
        break;
      case 2:
      case 3:
      case 4:
        flow.deliver(p, static_cast<int64_t>(1 + random_below(40)));
        break;
      case 5:
      case 6:
      case 7:
        flow.work(random_below(std::max<size_t>(1, flow.work_waits())));
        break;
      case 8:
      case 9:
        if (const size_t i = random_below(std::max<size_t>(1, flow.batches.size()));
            random_below(8) == 0 && flow.takes_all(i)) {
          flow.block(i);
        } else {
          flow.write(i);
        }
        break;
      case 10:
        flow.dead_letter_result(random_below(std::max<size_t>(1, flow.dead_letters.size())),
                                random_below(3) == 0 ? Status(failure(ErrorKind::Retry, "later")) : Status());
        break;
      case 11:
      case 12:
        flow.commit(random_below(5) != 0);
        break;
      case 13:
        flow.advance(milliseconds(random_below(4000)));
        break;
      case 14:
        flow.take_record(Flow::kTopics[random_below(3)]);
        break;
      case 15:
        if (random_below(4) == 0) flow.give_back_records(Flow::kTopics[random_below(3)]);
        if (random_below(2) == 0) flow.resolve_any(random_below(2) == 0 ? Resolution::Stored : Resolution::Retry);
        break;
      case 16:
        if (!flow.revoke_waits() && flow.owns(p) && random_below(3) == 0) flow.revoke({p}, random_below(3) == 0);
        break;
      case 17:
        if (random_below(3) != 0) break;
        elsewhere =
            elsewhere || flow.owned() < static_cast<size_t>(partitions);  // the others did not come straight back
        flow.hand_over(random_below(2) == 0);
        break;
      case 18:
        if (with_others && !flow.revoke_waits() && !flow.owns(p) && flow.produced(p)) {
          elsewhere = true;
          const uint64_t taken = random_below(1 + flow.left(p));
          const auto next = flow.committed(p) + static_cast<int64_t>(taken);
          flow.consumed_elsewhere(p, next, next + static_cast<int64_t>(random_below(1 + flow.left(p) - taken)));
        }
        break;
      default:
        if (flow.revoke_waits() || flow.owns(p)) break;
        elsewhere = elsewhere || flow.owned() + 1 < static_cast<size_t>(partitions);
        flow.assign({p});
    }
  }
  flow.settle();
  elsewhere = elsewhere || flow.owned() + 1 < static_cast<size_t>(partitions);
  for (int32_t p = 0; p < partitions; ++p) {
    if (!flow.owns(p)) flow.assign({p});
  }
  flow.settles_complete();
  // A partition that is assigned again at once, or continued by the next consumer, is not read twice.
  if (!elsewhere && flow.status().abandoned == 0) flow.expect_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

TEST(FlowRandomTest, NothingIsEverLost) { run_seeds("flow_random_test", {}, run); }

}  // namespace
}  // namespace freshet::flow
