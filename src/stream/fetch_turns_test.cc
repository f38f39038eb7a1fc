#include "stream/fetch_turns.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

using namespace std::chrono_literals;
using Intake = FetchTurns::Intake;

constexpr Partition kFirst{0};
constexpr Partition kSecond{1};
constexpr Partition kLast{2};

// The first two deliver ten times a second. The loop turns as often.
class FetchTurnsTest : public testing::Test {
 protected:
  FetchTurnsTest() { turns_.set_partitions({kFirst, kSecond, kLast}, now_); }

  void turn(Intake intake) {
    now_ += 100ms;
    for (const Partition one : {kFirst, kSecond}) {
      if (!turns_.held_back(one)) turns_.delivered(one, now_);
    }
    turns_.advance(intake, now_);
  }
  // Turns of the loop for so long; which partitions are held back at their end, for example "01".
  std::string pass(Duration time, Intake intake = Intake::Closed) {
    for (const SteadyTime end = now_ + time; now_ < end;) turn(intake);
    std::string out;
    for (const Partition one : {kFirst, kSecond, kLast}) {
      if (turns_.held_back(one)) out += std::to_string(one.value);
    }
    return out;
  }
  // Until a turn begins.
  void await_turn() {
    for (int i = 0; i < 300 && !turns_.held_back(kFirst); ++i) turn(Intake::Closed);
    ASSERT_TRUE(turns_.held_back(kFirst));
  }

  SteadyTime now_{1h};
  FetchTurns turns_;
};

TEST_F(FetchTurnsTest, WhoIsNotHeardOfGetsATurn) {
  EXPECT_EQ(pass(9s), "");
  await_turn();
  EXPECT_TRUE(turns_.held_back(kLast)) << "for a moment, so that its end is told again";
  EXPECT_LE(*turns_.next_deadline(), now_);
  EXPECT_EQ(pass(100ms), "01");
  EXPECT_EQ(pass(1h), "01") << "nobody asks the source";
  turns_.delivered(kLast, now_);
  EXPECT_EQ(pass(0s), "");
  EXPECT_EQ(turns_.next_deadline(), std::nullopt);
  EXPECT_EQ(pass(9s), "") << "its messages count";
}

TEST_F(FetchTurnsTest, TheEndIsAnAnswer) {
  await_turn();
  pass(100ms);
  turns_.reached_end(kLast, now_);
  EXPECT_EQ(pass(9s), "");
  await_turn();  // there may be messages now
}

TEST_F(FetchTurnsTest, AFruitlessTurnEnds) {
  await_turn();
  const SteadyTime before = turns_.offered_at(kLast);
  EXPECT_EQ(pass(1s, Intake::Open), "01");
  const SteadyTime asked_since = *turns_.next_deadline() - FetchTurns::kAnswers;
  EXPECT_EQ(pass(100ms, Intake::Open), "");
  EXPECT_EQ(turns_.offered_at(kLast), asked_since);
  EXPECT_GT(asked_since, before + FetchTurns::kOverdue);
}

TEST_F(FetchTurnsTest, WhoHasNothingInItsTurnsHasFewer) {
  const auto until_turn = [&] {
    const SteadyTime before = turns_.offered_at(kLast);
    for (int i = 0; i < 1'000 && !turns_.held_back(kFirst); ++i) turn(Intake::Closed);
    pass(100ms);
    return to_seconds(now_ - before);
  };
  EXPECT_NEAR(until_turn(), 10, 1.5);
  turns_.reached_end(kLast, now_);
  EXPECT_NEAR(until_turn(), 20, 1.5);
  pass(1s + 100ms, Intake::Open);  // no answer
  EXPECT_NEAR(until_turn(), 30, 1.5);
  turns_.reached_end(kLast, now_);
  EXPECT_NEAR(until_turn(), 30, 1.5);
  turns_.delivered(kLast, now_);
  EXPECT_NEAR(until_turn(), 10, 1.5);
}

// 64 idle partitions fell silent one after the other.
TEST_F(FetchTurnsTest, IdlePartitionsShareTurns) {
  std::vector<Partition> all = {kFirst, kSecond};
  for (int32_t i = 2; i < 66; ++i) all.push_back(Partition{i});
  turns_.set_partitions(all, now_);
  for (int32_t i = 2; i < 66; ++i) {
    pass(100ms);
    turns_.reached_end(Partition{i}, now_);
  }
  int turns = 0;
  for (int i = 0; i < 600; ++i) {
    turn(Intake::Closed);
    if (!turns_.held_back(kFirst)) continue;
    ++turns;
    pass(100ms);
    for (const Partition one : all) {
      if (!turns_.held_back(one)) turns_.reached_end(one, now_);
    }
  }
  EXPECT_GE(turns, 2);
  EXPECT_LE(turns, 6) << "in a minute";
}

TEST_F(FetchTurnsTest, WhoSharesATurnIsNotEverybody) {
  turns_.delivered(kLast, now_);
  now_ += 4s;
  for (const Partition one : {kFirst, kSecond}) turns_.delivered(one, now_);
  now_ += 6s;
  turns_.advance(Intake::Closed, now_);
  now_ += 100ms;
  turns_.advance(Intake::Closed, now_);
  EXPECT_TRUE(turns_.held_back(kFirst));
  EXPECT_FALSE(turns_.held_back(kLast));
}

TEST_F(FetchTurnsTest, ATurnIsNotFruitlessWhileTheLoopTakesNothing) {
  await_turn();
  pass(100ms);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pass(900ms, Intake::Open), "01");
    EXPECT_EQ(pass(100ms, Intake::Closed), "01");
  }
}

TEST_F(FetchTurnsTest, AnOpenIntakeReachesAllOfThem) {
  EXPECT_EQ(pass(1h, Intake::Open), "");
  EXPECT_EQ(turns_.offered_at(kLast), now_);
  EXPECT_EQ(pass(9s), "");
  EXPECT_LT(turns_.offered_at(kLast), now_ - 8s);
  EXPECT_GT(turns_.offered_at(kFirst), now_ - 1s);
  await_turn();
}

TEST_F(FetchTurnsTest, ShortOpeningsDoNot) {
  for (int i = 0; i < 20 && !turns_.held_back(kFirst); ++i) {
    pass(900ms, Intake::Open);
    pass(100ms, Intake::Closed);
  }
  EXPECT_TRUE(turns_.held_back(kFirst));
}

TEST_F(FetchTurnsTest, IfNothingIsHeardOfAnyNoneHasATurn) {
  now_ += 1h;
  turns_.advance(Intake::Closed, now_);
  EXPECT_FALSE(turns_.held_back(kFirst));
}

TEST_F(FetchTurnsTest, APauseOfAllEndsTheTurn) {
  await_turn();
  EXPECT_EQ(pass(100ms, Intake::Stopped), "");
  EXPECT_EQ(pass(1h, Intake::Stopped), "");
}

TEST_F(FetchTurnsTest, APartitionThatIsTakenAwayEndsItsTurn) {
  await_turn();
  turns_.set_partitions({kFirst, kSecond}, now_);
  EXPECT_FALSE(turns_.held_back(kFirst));
  EXPECT_EQ(turns_.offered_at(kLast), SteadyTime::max());
  turns_.set_partitions({kFirst, kSecond, kLast}, now_);
  EXPECT_EQ(pass(9s), "") << "like a new one";
}

TEST_F(FetchTurnsTest, ABurstMissesThoseFromWhichMoreIsExpected) {
  turns_.begin_burst();
  EXPECT_EQ(turns_.missing(), 3u) << "what new ones have is not known";
  turns_.delivered(kFirst, now_);
  turns_.delivered(kFirst, now_);
  EXPECT_EQ(turns_.missing(), 2u);
  turns_.reached_end(kSecond, now_);
  EXPECT_EQ(turns_.missing(), 1u);
  turns_.begin_burst();
  EXPECT_EQ(turns_.missing(), 2u) << "not the one at its end";
  turns_.set_partitions({kFirst, kSecond}, now_);
  EXPECT_EQ(turns_.missing(), 1u);
}

TEST_F(FetchTurnsTest, WhoIsMissedInSeveralBurstsGetsATurn) {
  for (int burst = 0; burst < 5; ++burst) {
    EXPECT_EQ(pass(1s), "") << burst;
    turns_.begin_burst();
  }
  EXPECT_EQ(pass(1s + 100ms), "01");
  turns_.delivered(kLast, now_);
  EXPECT_EQ(pass(3s), "");
}

TEST_F(FetchTurnsTest, ABurstDoesNotMissWhatGaveNothing) {
  await_turn();
  pass(1s + 200ms, Intake::Open);
  pass(100ms);
  turns_.begin_burst();
  EXPECT_EQ(turns_.missing(), 2u) << "after a fruitless turn";
  turns_.delivered(kLast, now_);
  turns_.begin_burst();
  EXPECT_EQ(turns_.missing(), 3u);
  pass(5s, Intake::Open);
  turns_.begin_burst();
  EXPECT_EQ(turns_.missing(), 2u) << "while everything was taken";
}

TEST_F(FetchTurnsTest, DuringATurnOnlyThoseThatHaveItAreMissing) {
  await_turn();
  pass(100ms);
  turns_.begin_burst();
  EXPECT_EQ(turns_.missing(), 1u);
}

}  // namespace
}  // namespace freshet::stream
