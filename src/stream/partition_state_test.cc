#include "stream/partition_state.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <variant>
#include <vector>

#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

WaitingRows rows(int64_t first, int64_t last) { return {chunk(static_cast<uint64_t>(first), first, last), {}}; }

PendingRows one(int64_t first, int64_t last) {
  PendingRows pending;
  pending.push_back(rows(first, last));
  return pending;
}

std::vector<int64_t> firsts(const PendingRows& pending) {
  std::vector<int64_t> out;
  for (const WaitingRows& waiting : pending) out.push_back(waiting.chunk->offsets.first.value);
  return out;
}

// Illegal transitions do not compile.
template <typename State>
concept CanLeave = requires(State state) {
  leave(std::move(state));
};
template <typename State>
concept CanDrain = requires(State state) {
  drain(std::move(state), PendingRows());
};
template <typename State>
concept CanResume = requires(State state) {
  resume(std::move(state));
};
static_assert(CanLeave<Active> && !CanLeave<Leaving> && !CanLeave<Draining> && !CanLeave<Suspended>);
static_assert(CanDrain<Active> && CanDrain<Leaving> && !CanDrain<Draining> && !CanDrain<Suspended>);
static_assert(!CanResume<Active> && !CanResume<Leaving> && !CanResume<Draining> && CanResume<Suspended>);

TEST(PartitionStateTest, ARevokedPartitionComesBackWithItsRows) {
  PartitionState state;
  EXPECT_TRUE(state.is<Active>());
  EXPECT_TRUE(state.batches());
  state.drain(one(0, 4));
  EXPECT_TRUE(state.is<Draining>());
  EXPECT_TRUE(state.owned());
  EXPECT_FALSE(state.batches());
  state.add_pending(rows(5, 9));
  state.drain({});  // a second revoke
  state.suspend();
  EXPECT_FALSE(state.owned());
  state.add_pending(rows(10, 12));  // processed meanwhile
  EXPECT_EQ(firsts(state.resume()), (std::vector<int64_t>{0, 5, 10}));
  EXPECT_TRUE(state.is<Active>());
}

TEST(PartitionStateTest, WhatWaitedForABatchStandsBeforeWhatCameWhileLeaving) {
  for (const bool revoked : {false, true}) {
    PartitionState state;
    state.leave();
    EXPECT_TRUE(state.is<Leaving>());
    EXPECT_FALSE(state.batches());
    state.add_pending(rows(5, 9));
    if (revoked) {
      state.drain(one(0, 4));
      state.leave();  // no effect: it already leaves
      EXPECT_TRUE(state.is<Draining>());
      state.suspend();
    } else {
      state.suspend(one(0, 4));
    }
    EXPECT_EQ(firsts(state.resume()), (std::vector<int64_t>{0, 5}));
  }
}

TEST(PartitionStateTest, AHandOverSuspendsAndResumes) {
  PartitionState state;
  state.suspend(one(3, 4));
  EXPECT_TRUE(state.is<Suspended>());
  EXPECT_EQ(firsts(state.resume()), (std::vector<int64_t>{3}));
}

TEST(PartitionStateTest, ADrainingPartitionKeepsAllRowsThatItIsGiven) {
  PartitionState state;
  state.drain({});
  state.add_pending(rows(10, 12));
  state.drain(one(5, 9));
  EXPECT_TRUE(state.is<Draining>());
  state.suspend(one(0, 4));
  EXPECT_EQ(firsts(state.resume()), (std::vector<int64_t>{0, 5, 10}));
}

TEST(PartitionStateTest, AnIllegalTransitionThrowsAndChangesNothing) {
  PartitionState state;
  EXPECT_THROW(state.add_pending(rows(0, 0)), std::logic_error);
  EXPECT_THROW(state.resume(), std::bad_variant_access);
  EXPECT_TRUE(state.is<Active>());
  state.suspend(one(0, 4));
  EXPECT_THROW(state.suspend(one(5, 9)), std::bad_variant_access);
  EXPECT_THROW(state.drain(one(5, 9)), std::bad_variant_access);
  state.leave();  // no effect
  EXPECT_EQ(firsts(state.resume()), (std::vector<int64_t>{0}));
  state.drain({});
  EXPECT_THROW(state.resume(), std::bad_variant_access);
  EXPECT_TRUE(state.is<Draining>());
}

}  // namespace
}  // namespace freshet::stream
