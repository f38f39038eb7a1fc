// Two processes of a consumer group and a table with deduplication tokens. Requests lose their answers, arrive late or
// twice; processes are killed, frozen and removed from the group, and go on; the table refuses rows and inserts, and
// its server is killed. No row may be missing, and exactly once, none may be there twice, unless the server itself lost
// it between token and part: such rows are inserted again, or reported.
#include <random>

#include "seeds.h"
#include "world.h"

namespace freshet::flow {
namespace {

const char* const kFates[] = {"row", "row", "row", "row", "row", "row", "row", "bad", "skip", "refused"};
constexpr std::array kDeliveries = {Delivery::AtLeastOnce, Delivery::ExactlyOnce};

std::string name_of(const testing::TestParamInfo<Delivery>& one) {
  return one.param == Delivery::ExactlyOnce ? "ExactlyOnce" : "AtLeastOnce";
}

TEST(TwoProcessesTest, ARepeatedInsertIsRecognizedWithinTheWindow) {
  for (const size_t window : {size_t{0}, size_t{1000}}) {
    World world({.window = window}, 1);
    world[0].produce(0, "row", 100);
    world[0].assign({0});
    world.script = {Next{{Fault::AnswerLost, 0}}, Next{{Fault::RequestLost, 0}}, Next{{Fault::AnswerLost, 0}}};
    world[0].settles_complete();
    EXPECT_EQ(world.cluster->table.size(), window == 0 ? 300u : 100u);
  }
}

TEST(TwoProcessesTest, WhatAServerLosesBetweenTokenAndPartIsKnown) {
  World world({.partitions = 5}, 1);
  world[0].produce(0, "row", 100);
  world[0].assign({0});
  world.script = {Next{{Fault::ServerKilled, 2}}};
  world[0].settles_complete();
  EXPECT_EQ(world.cluster->table.size(), 80u);
  EXPECT_EQ(world.table.unverified().size(), 20u);
}

TEST(TwoProcessesTest, AKilledProcessLeavesPartOfABatch) {
  World world({.most_rows = 30}, 1);
  world[0].produce(0, "row", 100);
  world[0].assign({0});
  world[0].deliver_and_process(0);
  world[0].await_batches(1);
  world.script = {kNoFault, kNoFault, kNoFault, std::nullopt};
  EXPECT_FALSE(world[0].write());
  EXPECT_GT(world.cluster->table.size(), 0u);
  EXPECT_LE(world.cluster->table.size(), 50u);
  world[0].restart([] { return false; });
  world[0].assign({0});
  world[0].settles_complete();
}

TEST(TwoProcessesTest, ALateCommitTakesTheOffsetBack) {
  World world({}, 1);
  world[0].produce(0, "row", 200);
  world[0].assign({0});
  world[0].deliver_and_process(0, 100);
  world[0].await_batches(1);
  world[0].write();
  ASSERT_TRUE(world[0].commit_times_out());
  world[0].settles_complete();
  EXPECT_TRUE(world.cluster->late_commit_arrives(0, true));
  EXPECT_EQ(world[0].committed(0), 100);
  world[0].restart([] { return false; });
  world[0].assign({0});
  world[0].settles_complete();
  EXPECT_FALSE(world.cluster->late_commit_arrives(0)) << "of an earlier generation";
  EXPECT_EQ(world[0].committed(0), 200);
}

TEST(TwoProcessesTest, ACommitOfAFencedConsumerIsRefused) {
  World world({}, 1);
  world[0].produce(0, "row", 200);
  world[0].assign({0});
  world[0].deliver_and_process(0, 100);
  world[0].await_batches(1);
  world[0].write();
  ASSERT_TRUE(world[0].commit_times_out());
  world[0].hand_over();
  world[0].settles_complete();
  EXPECT_FALSE(world.cluster->late_commit_arrives(0));
  EXPECT_EQ(world[0].committed(0), 200);
}

TEST(TwoProcessesTest, AFrozenProcessGoesOnAfterAnotherTookItsPartition) {
  World world({});
  world[0].produce(0, "row", 100);
  world[0].assign({0});
  world[0].deliver_and_process(0, 100);
  world[0].await_batches(1);
  world[1].assign({0});
  world[1].settles_complete();
  world[0].write();
  world[0].advance(seconds(2));
  ASSERT_TRUE(world[0].commit_waits());
  world[1].produce(0, "row", 50);
  world[0].commit();  // is refused
  EXPECT_EQ(world[1].committed(0), 100);
  world[0].revoke({0}, true);
  world[0].assign({}, true);
  world[1].settles_complete();
}

// A process that is killed after any step, with everything in flight stored, lost, or late.
struct EachStepTest : testing::TestWithParam<Delivery> {};

TEST_P(EachStepTest, AProcessMayBeKilledAfterIt) {
  enum class InFlight { Arrives, Lost, Late };
  FlowSettings settings = Flow::default_settings();
  settings.delivery = GetParam();
  for (const InFlight in_flight : {InFlight::Arrives, InFlight::Lost, InFlight::Late}) {
    for (size_t killed_after = 0;; ++killed_after) {
      LiveOptions options;
      options.max_batch_rows = 20;
      World world({.most_rows = 15, .view_window = 1000}, 1, options, settings);
      Flow& flow = world[0];
      for (const char* fate : {"row", "bad", "row", "refused", "row", "skip", "row"}) flow.produce(0, fate, 7);
      flow.assign({0});
      const std::vector<std::function<void()>> steps = {
          [&] { flow.deliver(0, 30); },
          [&] { flow.work(); },
          [&] { flow.advance(seconds(3)); },
          [&] { flow.deliver(0, 30); },
          [&] { flow.write(); },
          [&] { flow.acknowledge(); },
          [&] { flow.advance(seconds(2)); },
          [&] { flow.commit(); },
          [&] { flow.work(); },
          [&] { flow.advance(seconds(3)); },
          [&] { flow.write(); },
          [&] {
            while (flow.acknowledge()) continue;
          },
          [&] { flow.commit_times_out(); },
          [&] { flow.write(); },
          [&] { flow.advance(seconds(2)); },
      };
      if (killed_after > steps.size()) break;
      for (size_t i = 0; i < killed_after; ++i) steps[i]();
      flow.restart([&] { return in_flight == InFlight::Arrives; });
      flow.assign({0});
      if (in_flight == InFlight::Late) {
        flow.deliver_and_process(0, 30);
        while (flow.late_insert_arrives(0)) continue;
        while (!world.cluster->late_commits.empty()) world.cluster->late_commit_arrives(0);
      }
      world.table.accept_any_size();
      flow.settles_complete();
      EXPECT_GE(flow.table.size(), 28u);
      EXPECT_TRUE(flow.table.size() == 28 || GetParam() == Delivery::AtLeastOnce) << flow.table.size();
      if (HasFailure()) FAIL() << "killed after step " << killed_after;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(TwoProcesses, EachStepTest, testing::ValuesIn(kDeliveries), name_of);

// Which process owns what, as the group coordinator sees it.
class Group {
 public:
  Group(uint64_t seed, Delivery delivery)
      : random_(seed),
        exactly_once_(delivery == Delivery::ExactlyOnce),
        partitions_(static_cast<int32_t>(1 + below(4))),
        world_(table(), 2, options(), exactly_once_ ? Flow::exactly_once() : Flow::default_settings()) {
    owner_.assign(static_cast<size_t>(partitions_), kNobody);
    world_.otherwise = [this] { return fault(); };
  }

  void run() {
    for (int step = 0; step < 700 && !testing::Test::HasFatalFailure(); ++step) {
      if (frozen_ > 0) --frozen_;
      happen(frozen_ > 0 ? 1 - who_froze_ : below(2));
      for (size_t i = 0; i < 2; ++i) {
        if (world_[i].pipeline.closed()) consumer_ended(i);
      }
    }
    come_to_rest();
  }

 private:
  static constexpr size_t kNobody = 2;

  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_of(uint64_t n) { return below(n) == 0; }

  TableSettings table() {
    TableSettings settings;
    if (!exactly_once_) settings.window = std::array<size_t, 3>{0, 20, 1'000'000}[below(3)];
    settings.replicated = one_of(2);
    settings.partitions = static_cast<int64_t>(1 + below(3));
    if (one_of(2)) settings.most_rows = 5 + below(30);
    if (one_of(2)) settings.view_window = 1'000'000;
    settings.positions = one_of(2);
    has_view_ = settings.view_window.has_value();
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
  Next fault() {
    if (calm_ || !one_of(5)) return kNoFault;
    const uint64_t what = below(9);
    if (what == 0 && one_of(3)) return std::nullopt;
    if (what < 3) return {{Fault::ServerKilled, below(3)}};
    if (what < 5) return {{Fault::ViewFails, 0}};
    return {{what < 7 ? Fault::AnswerLost : Fault::RequestLost, 0}};
  }

  void happen(size_t i) {
    Flow& flow = world_[i];
    const auto p = static_cast<int32_t>(below(static_cast<uint64_t>(partitions_)));
    const auto any = [&](size_t n) { return below(std::max<size_t>(1, n)); };
    const uint64_t what = below(100);
    // A process may not have described the table yet, or it was altered.
    if (exactly_once_ && one_of(20)) flow.row_style.types = static_cast<int>(below(3));
    if (what < 9) return produce(flow, p);
    if (what < 27) return void(flow.deliver(p, static_cast<int64_t>(1 + below(40))));
    if (what < 43) return void(flow.work(any(flow.work_waits())));
    if (what < 55) return write(i, any(flow.batches.size()));
    if (what < 61) return void(flow.acknowledge(any(flow.dead_letters.size())));
    if (what < 70) return answer_commit(i);
    if (what < 76) return late();
    if (what < 84) return flow.advance(milliseconds(below(4000)));
    if (what < 86) return resolve(flow);
    if (what < 88) return void(flow.report_plans());
    if (what < 92) return give(p);
    if (what < 94) return revoke(i, p);
    if (what < 95) return kill(i);
    if (what < 98) return removed_[i] ? notice(i) : freeze(i);
    if (!removed_[i] && !ended_[i] && !flow.revoke_waits()) flow.hand_over(one_of(2));
  }

  void produce(Flow& flow, int32_t p) {
    const std::string fate = kFates[below(std::size(kFates))];
    flow.produce(p, fate, static_cast<int>(1 + below(fate == "refused" ? 4 : 30)));
  }
  // "Stored" means that the operator does without the rows of the view.
  void resolve(Flow& flow) { flow.resolve_any(one_of(2) && !exactly_once_ ? Resolution::Stored : Resolution::Retry); }
  void write(size_t i, size_t batch) {
    const size_t before = world_[i].batches.size();
    if (!world_[i].write(batch) && before > 0) kill(i);
  }
  void answer_commit(size_t i) {
    if (one_of(4)) return world_[i].broker_takes_commit();
    if (!one_of(8)) return void(world_[i].commit(!one_of(5)));
    if (world_[i].commit_times_out() && exactly_once_) ended_[i] = true;
  }
  void late() {
    Cluster& cluster = *world_.cluster;
    if (one_of(2)) return void(world_[0].late_insert_arrives(below(1 + cluster.late_inserts.size())));
    cluster.late_commit_arrives(below(1 + cluster.late_commits.size()), one_of(2));
  }

  // A partition without an owner gets one. The group has a new generation, so no process may be in the old one.
  void give(int32_t p) {
    size_t& owner = owner_[static_cast<size_t>(p)];
    if (owner != kNobody && ended_[owner]) return join_again(owner);
    if (owner != kNobody && !world_[owner].owns(p)) owner = kNobody;  // it answered the revoke
    if (owner == kNobody) give_to(below(2), {p});
  }
  bool in_rebalance(size_t i) { return !removed_[i] && (ended_[i] || world_[i].revoke_waits()); }
  void give_to(size_t to, const std::vector<int32_t>& partitions) {
    if (in_rebalance(0) || in_rebalance(1)) return;
    if (removed_[to]) to = 1 - to;
    if (removed_[to]) return;
    for (const int32_t p : partitions) owner_[static_cast<size_t>(p)] = to;
    world_[to].assign(partitions);
    if (!removed_[1 - to]) world_[1 - to].assign({}, true);
  }
  void revoke(size_t i, int32_t p) {
    if (!removed_[i] && !ended_[i] && !world_[i].revoke_waits() && world_[i].owns(p)) world_[i].revoke({p}, one_of(3));
  }
  std::vector<int32_t> owned_by(size_t i) {
    std::vector<int32_t> out;
    for (int32_t p = 0; p < partitions_; ++p) {
      if (owner_[static_cast<size_t>(p)] == i) out.push_back(p);
    }
    return out;
  }
  void kill(size_t i) {
    world_[i].restart([&] { return one_of(2); });
    for (const int32_t p : owned_by(i)) owner_[static_cast<size_t>(p)] = kNobody;
    removed_[i] = ended_[i] = false;
  }
  // The next consumer of the process takes over the membership, and asks what is committed.
  void consumer_ended(size_t i) {
    world_[i].start_next_consumer();
    world_[i].lose_everything();
    ended_[i] = true;
  }
  void join_again(size_t i) {
    ended_[i] = false;
    world_[i].assign(owned_by(i), true);
  }
  // The process stands still for longer than its session, and the other one gets its partitions. Then it goes on and
  // knows nothing of that.
  void freeze(size_t i) {
    if (!one_of(3) || removed_[1 - i] || in_rebalance(0) || in_rebalance(1)) return;
    removed_[i] = true;
    who_froze_ = i;
    frozen_ = below(40);
    give_to(1 - i, owned_by(i));
  }
  // It learns that it is no longer in the group, and joins again.
  void notice(size_t i) {
    Flow& flow = world_[i];
    std::vector<int32_t> lost;
    for (int32_t p = 0; p < partitions_; ++p) {
      if (flow.owns(p)) lost.push_back(p);
    }
    if (!lost.empty()) flow.revoke(lost, true);
    if (flow.revoke_waits() || flow.pipeline.closed()) return;
    removed_[i] = ended_[i] = false;
    flow.assign({}, true);
  }

  void come_to_rest() {
    calm_ = true;
    world_.table.accept_any_size();  // an insert that may be stored is not split; it waits for this
    Cluster& cluster = *world_.cluster;
    while (!cluster.late_inserts.empty()) world_[0].late_insert_arrives(0);
    while (!cluster.late_commits.empty()) cluster.late_commit_arrives(0);
    for (size_t i = 0; i < 2; ++i) kill(i);
    cluster.late_commits.clear();
    for (int32_t p = 0; p < partitions_; ++p) give(p);
    for (size_t i = 0; i < 2; ++i) world_[i].settle();
    while (!cluster.late_inserts.empty()) world_[0].late_insert_arrives(0);
    world_[0].expect_complete();
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(world_[i].status().in_flight_bytes, 0u);
    if (exactly_once_) expect_once();
  }
  void expect_once() {
    Cluster& cluster = *world_.cluster;
    for (const Position& at : cluster.table) {
      EXPECT_EQ(cluster.table.count(at), 1u) << at.first << ":" << at.second;
      EXPECT_FALSE(cluster.dead.contains(at)) << at.first << ":" << at.second;
      EXPECT_EQ(world_.table.view().count(at), has_view_ ? 1u : 0u) << "view: " << at.first << ":" << at.second;
    }
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(world_[i].guarantee_ended(), 0u);
  }

  std::mt19937_64 random_;
  const bool exactly_once_;
  const int32_t partitions_;
  bool has_view_ = false;
  World world_;
  std::vector<size_t> owner_;
  std::array<bool, 2> removed_{};  // from the group, without knowing it
  std::array<bool, 2> ended_{};    // the next consumer of the process has not joined yet
  size_t who_froze_ = 0;
  uint64_t frozen_ = 0;  // steps
  bool calm_ = false;
};

struct RandomTest : testing::TestWithParam<Delivery> {};

TEST_P(RandomTest, NothingIsLostOrStoredTwice) {
  run_seeds("flow_two_processes_test", {}, [](uint64_t seed) { Group(seed, GetParam()).run(); });
}
INSTANTIATE_TEST_SUITE_P(TwoProcesses, RandomTest, testing::ValuesIn(kDeliveries), name_of);

}  // namespace
}  // namespace freshet::flow
