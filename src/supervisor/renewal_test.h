// Fixture: a Renewal with a fake clock and a successor that the test scripts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "supervisor/renewal.h"
#include "testkit/fake_clock.h"
#include "testkit/fake_source.h"

namespace freshet::supervisor {

using namespace std::chrono_literals;
using State = Successor::State;

// The scripted behaviour of a successor, and what was asked of it.
struct Script {
  State state = State::Connecting;
  int32_t topic_partitions = 6;
  int joins = 0;
  bool force = false;
  bool sent = false;  // the join request was sent
  bool alive = false;
  bool taken = false;
};

class ScriptedSuccessor final : public Successor {
 public:
  explicit ScriptedSuccessor(Script& script) : script_(script) { script_.alive = true; }
  ~ScriptedSuccessor() override { script_.alive = false; }
  State state() const override { return script_.state; }
  Error failure() const override { return {ErrorKind::Renew, 1, "refused"}; }
  int32_t topic_partitions() const override { return script_.topic_partitions; }
  void join(const Membership&, bool force) override {
    ++script_.joins;
    script_.force = force;
    script_.sent = true;
    script_.state = State::Joining;
  }
  bool withdraw() override { return !script_.sent || script_.state == State::Postponed; }
  std::unique_ptr<Source> take() override {
    script_.taken = true;
    return std::make_unique<testkit::FakeSource>(1);
  }

 private:
  Script& script_;
};

class RenewalTest : public testing::Test {
 protected:
  RenewalTest() {
    membership_.settled = true;
    membership_.generation = 7;
    membership_.partitions = {Partition{0}, Partition{1}};
    membership_.topic_partitions = 6;
    membership_.continuity = Membership::Continuity::Works;
    consumer_.membership = &membership_;
    begin();
  }
  void begin() {
    decision_ = std::make_unique<EndDecision>();
    renewal_.consumer_started(*decision_);
  }
  // After one poll has done everything that was due, the loop must wait.
  ConsumerCommand poll() {
    const SteadyTime now = clock_.steady_now();
    const ConsumerCommand command = renewal_.poll(now, consumer_);
    EXPECT_GT(renewal_.next_deadline(now), now) << "the loop spins";
    return command;
  }
  void ask() { requests_.request(RenewalReason::Timer, "t"); }
  void stop() {
    decision_->claim(EndReason::Stop);
    stops_->begin();
  }
  // Proceeds until the successor was told to join.
  void join() {
    ask();
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    script_.state = State::Ready;
    EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
    EXPECT_EQ(script_.joins, 1);
  }
  // Starts the next consumer, with the same membership and its first message after `pause`.
  void next_consumer(Duration pause) {
    renewal_.consumer_ended();
    EXPECT_NE(renewal_.take_next(), nullptr);
    begin();
    consumer_.first_message.reset();
    poll();
    clock_.advance(pause);
    consumer_.first_message = clock_.steady_now();
  }
  double count(RenewalMode mode, RenewalResult result) {
    return static_cast<double>(
        metrics_
            .counter("freshet_renewals_total", "",
                     {{"reason", "timer"}, {"mode", to_string(mode)}, {"result", to_string(result)}})
            .value());
  }

  testkit::FakeClock clock_;
  Metrics metrics_;
  RenewalRequests requests_{clock_};
  RenewalPlan plan_{clock_, RenewalOptions{.enabled = true}};
  std::optional<StopSequence> stops_{std::in_place, clock_, plan_, null_log()};
  Script script_;
  Membership membership_;
  ConsumerState consumer_;
  std::unique_ptr<EndDecision> decision_;
  std::optional<Error> refuse_;
  Renewal renewal_{{},
                   [this](const Membership&) -> Result<std::unique_ptr<Successor>> {
                     if (refuse_) return tl::make_unexpected(*refuse_);
                     script_ = {};
                     return std::make_unique<ScriptedSuccessor>(script_);
                   },
                   requests_,
                   plan_,
                   *stops_,
                   [] { return 0.0; },
                   clock_,
                   null_log(),
                   metrics_};
};

}  // namespace freshet::supervisor
