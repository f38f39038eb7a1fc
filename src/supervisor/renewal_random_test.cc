// Renewals with random events in random order: late and missing join responses, stops before the first assignment,
// responses after a leave, revokes, ticks, timer changes, a watchdog. Checks the invariants after each step.
//
// FRESHET_RENEWAL_SEED=N repeats one run, FRESHET_RENEWAL_SEEDS=N sets the number of runs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <utility>

#include "supervisor/renewal.h"
#include "supervisor/schedule.h"
#include "testkit/fake_clock.h"
#include "testkit/fake_source.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;
using State = Successor::State;

// The coordinator and the next client, as the consumer loop sees them.
struct World {
  State state = State::Connecting;
  bool alive = false;
  bool sent = false;       // the join request is in transit or has arrived
  bool withdrawn = false;  // the join request will never be sent
  bool urgent_join = false;
};

class RandomSuccessor final : public Successor {
 public:
  explicit RandomSuccessor(World& world) : world_(world) {
    world_ = World();
    world_.alive = true;
  }
  ~RandomSuccessor() override { world_.alive = false; }
  State state() const override { return world_.state; }
  Error failure() const override { return {ErrorKind::Renew, 1, "refused"}; }
  int32_t topic_partitions() const override { return 6; }
  void join(const Membership&, bool force) override {
    EXPECT_EQ(world_.state, State::Ready);
    world_.urgent_join = force;
    world_.state = State::Joining;
  }
  bool withdraw() override {
    world_.withdrawn = world_.withdrawn || !world_.sent;
    return world_.withdrawn;
  }
  std::unique_ptr<Source> take() override { return std::make_unique<testkit::FakeSource>(1); }

 private:
  World& world_;
};

class RandomRenewal {
 public:
  explicit RandomRenewal(uint32_t seed) : random_(seed) {
    clock_.advance(std::chrono::seconds(one_in(1000)));
    membership_.topic_partitions = 6;
    consumer_.membership = &membership_;
    consumer_started(false);
  }

  void run() {
    for (int step = 0; step < 600 && !over_ && !testing::Test::HasFailure(); ++step) {
      something_happens();
      clock_.advance(std::chrono::milliseconds(one_in(4) == 0 ? one_in(8000) : one_in(200)));
      poll();
    }
    if (testing::Test::HasFailure() || over_) return;
    rest();
  }

 private:
  uint32_t one_in(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  SteadyTime now() const { return clock_.steady_now(); }

  void consumer_started(bool member) {
    decision_ = std::make_unique<EndDecision>();
    if (stopped_) decision_->claim(EndReason::Stop);
    membership_.settled = false;
    membership_.continuity = known_ ? Membership::Continuity::Works : Membership::Continuity::Unknown;
    if (!member) membership_.partitions.clear();
    consumer_.commit_outstanding = consumer_.revoking = consumer_.fenced = false;
    consumer_.first_message.reset();
    renewal_.consumer_started(*decision_);
    began_ = now();
  }

  void something_happens() {
    switch (one_in(22)) {
      case 0:
      case 1:
        if (!membership_.settled && !consumer_.revoking) settle();
        break;
      case 2:
        known_ = known_ || membership_.settled;
        if (known_) membership_.continuity = Membership::Continuity::Works;
        break;
      case 3:
        if (membership_.settled && one_in(3) == 0) revoke();
        break;
      case 4:
      case 5:
        consumer_.revoking = false;
        break;
      case 6:
        consumer_.commit_outstanding = membership_.settled && one_in(2) == 0;
        break;
      case 7:
        requests_.request(RenewalReason::Operator, "POST /renew");
        break;
      case 8:
        if (one_in(4) == 0) requests_.request(RenewalReason::Watchdog, "stuck");
        break;
      case 9:
        plan_.set(RenewalOptions{.enabled = one_in(2) == 0, .interval = 20s, .tick = std::chrono::seconds(tick())});
        leaves_on_tick_ = false;  // on a tick of either option value
        break;
      case 10:
        if (one_in(12) == 0) stop();
        break;
      case 11:
        if (stopped_ && one_in(2) == 0) leaves_on_tick_ = !stops_.hurry() && leaves_on_tick_;
        break;
      case 12:
        consumer_.last_message = now();
        if (membership_.settled && !consumer_.first_message) consumer_.first_message = now();
        break;
      default:
        successor_goes_on();
    }
  }
  int tick() { return one_in(2) == 0 ? 0 : 15; }
  void settle() {
    member_ = true;
    membership_.settled = true;
    membership_.generation = static_cast<int32_t>(one_in(5));
    membership_.partitions = {Partition{0}, Partition{1}};
  }
  void revoke() {
    membership_.settled = false;
    consumer_.revoking = !consumer_.fenced;
  }
  void stop() {
    const bool first = !std::exchange(stopped_, true);
    if (first) leaves_on_tick_ = member_ && plan_.get().tick > 0s;
    decision_->claim(EndReason::Stop);
    stops_.begin();
    if (first && leaves_on_tick_ && stops_.drain().stop_requested()) {
      EXPECT_TRUE(on_tick()) << "leaves at once";
    }
    stopped_at_ = now();
  }
  void successor_goes_on() {
    if (!world_.alive) return;
    if (world_.state == State::Connecting) {
      world_.state = one_in(6) == 0 ? State::Failed : State::Ready;
    } else if (world_.state == State::Joining && !world_.sent) {
      if (world_.withdrawn) return;
      if (!world_.urgent_join && one_in(4) == 0) {
        world_.state = State::Postponed;
      } else {
        world_.sent = true;
      }
    } else if (world_.state == State::Joining) {
      if (!consumer_.fenced && one_in(3) == 0) return fence();
      if (one_in(8) == 0) world_.state = one_in(4) == 0 ? State::Failed : State::Joined;
    }
  }
  void fence() {
    const ClientEnd end = renewal_.client_ended({ErrorKind::Renew, 1, "fenced"});
    EXPECT_EQ(end, ClientEnd::Replaced) << "by the client that takes its place";
    consumer_.fenced = true;
    membership_.settled = false;
    consumer_.revoking = false;
  }

  void poll() {
    const bool was_sent = world_.alive && world_.sent;
    const bool drained = stops_.drain().stop_requested();
    const ConsumerCommand command = renewal_.poll(now(), consumer_);
    if (leaves_on_tick_ && !drained && stops_.drain().stop_requested()) {
      EXPECT_TRUE(on_tick()) << "leaves off the tick";
    }
    EXPECT_GT(renewal_.next_deadline(now()), now()) << "the loop must not spin";
    if (was_sent) {
      EXPECT_TRUE(command == ConsumerCommand::PauseWrites || command == ConsumerCommand::HandOver)
          << "there is no way back; command " << name(command);
    }
    if (consumer_.revoking && !was_sent && !consumer_.fenced) {
      EXPECT_NE(command, ConsumerCommand::PauseCommits) << "a drain must be able to commit";
    }
    if (command == ConsumerCommand::HandOver) return hand_over();
    if (command == ConsumerCommand::Leave) return leave();
    if (command == ConsumerCommand::Stop) end_by_stop();
  }
  static int name(ConsumerCommand command) { return static_cast<int>(command); }

  void hand_over() {
    const bool continues = world_.alive;
    renewal_.consumer_ended();
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_EQ(renewal_.take_next() != nullptr, continues);
    consumer_started(true);
  }
  void leave() {
    EXPECT_FALSE(stopped_);
    EXPECT_TRUE(world_.alive);
    const auto request = requests_.open();
    EXPECT_TRUE(on_tick() || (request && request->urgent())) << "off the tick";
    EXPECT_NE(membership_.continuity, Membership::Continuity::Works) << "the broker keeps this member";
    renewal_.consumer_ended();
    EXPECT_FALSE(renewal_.has_next_member());
    EXPECT_NE(renewal_.take_next(), nullptr);
    member_ = false;
    consumer_started(false);
  }
  // The loop polls some time after the tick. Without a tick, any time is right.
  bool on_tick() const {
    const std::chrono::seconds tick = plan_.get().tick;
    const Duration left = until_tick(clock_.system_now(), tick);
    return left == Duration::zero() || tick - left < 9s;
  }
  void end_by_stop() {
    EXPECT_TRUE(stopped_);
    EXPECT_FALSE(world_.alive) << "nobody needs what was prepared";
    EXPECT_FALSE(requests_.open()) << "whoever asked is answered";
    renewal_.consumer_ended();
    over_ = true;
  }
  // From now on every request is answered; whatever was requested must finish.
  void rest() {
    plan_.set(RenewalOptions{});
    known_ = true;
    for (int i = 0; i < 400 && !testing::Test::HasFailure() && !over_; ++i) {
      membership_.continuity = Membership::Continuity::Works;
      consumer_.revoking = consumer_.commit_outstanding = false;
      if (!membership_.settled && !consumer_.fenced) settle();
      consumer_.last_message = now();
      if (!consumer_.first_message) consumer_.first_message = now();
      if (world_.alive && world_.state == State::Connecting) world_.state = State::Ready;
      if (world_.alive && world_.state == State::Joining) {
        world_.sent = true;
        world_.state = State::Joined;
      }
      clock_.advance(1s);
      poll();
    }
    if (over_) return;
    EXPECT_FALSE(requests_.open()) << "a request that nobody answers: " << renewal_.under_way();
    EXPECT_FALSE(world_.alive);
    stop();
    for (int i = 0; i < 30 && !over_; ++i) {
      clock_.advance(1s);
      poll();
    }
    EXPECT_TRUE(over_) << "a stop that does not end";
  }

  std::minstd_rand random_;
  testkit::FakeClock clock_;
  Metrics metrics_;
  RenewalRequests requests_{clock_};
  RenewalPlan plan_{clock_, RenewalOptions{.enabled = true, .interval = 20s}};
  StopSequence stops_{clock_, plan_, null_log()};
  World world_;
  Membership membership_;
  ConsumerState consumer_;
  std::unique_ptr<EndDecision> decision_;
  bool known_ = false;
  bool stopped_ = false;
  bool member_ = false;          // it has had an assignment and has not left since
  bool leaves_on_tick_ = false;  // a stop was requested while the member waits for a tick
  bool over_ = false;
  SteadyTime began_{};
  SteadyTime stopped_at_{};
  Renewal renewal_{{},
                   [this](const Membership&) -> Result<std::unique_ptr<Successor>> {
                     EXPECT_FALSE(world_.alive) << "one at a time";
                     if (one_in(8) == 0) return failure(ErrorKind::Retry, "8 clients still live");
                     if (one_in(8) == 0) return failure(ErrorKind::Renew, "the system refuses a new thread");
                     return std::make_unique<RandomSuccessor>(world_);
                   },
                   requests_,
                   plan_,
                   stops_,
                   [] { return 0.0; },
                   clock_,
                   null_log(),
                   metrics_};
};

TEST(RenewalRandomTest, EveryOrderEndsWell) {
  const char* one = std::getenv("FRESHET_RENEWAL_SEED");
  const uint32_t first = one != nullptr ? static_cast<uint32_t>(std::atoi(one)) : 1;
  const char* seeds = std::getenv("FRESHET_RENEWAL_SEEDS");
  const uint32_t all = seeds != nullptr ? static_cast<uint32_t>(std::atoi(seeds)) : 2000;
  const uint32_t last = one != nullptr ? first : all;
  for (uint32_t seed = first; seed <= last; ++seed) {
    RandomRenewal(seed).run();
    if (HasFailure()) {
      FAIL() << "FRESHET_RENEWAL_SEED=" << seed << " runs it again";
    }
  }
}

}  // namespace
}  // namespace freshet::supervisor
