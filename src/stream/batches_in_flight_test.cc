#include "stream/batches_in_flight.h"

#include <gtest/gtest.h>

#include "stream/batcher.h"
#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kBytes = 700;

std::shared_ptr<const SealedBatch> batch_of_700_bytes() {
  const auto rows = chunk(0, 0, 2);
  rows->charge = Charge(std::make_shared<ByteBudget>(1'000), kBytes);
  Batcher batcher({"cluster", "t", "group"});
  batcher.add({rows, {}});
  return batcher.seal({}, SealReason::NoRoom, {}, {});
}

struct BatchesInFlightTest : testing::Test {
  BatchesInFlightTest() { batches.add(batch); }

  void fail(bool blocked) { batches.failed(batch->id, {InsertFailure::Class::Operator, 0, "", 1, blocked}, "a table"); }

  const std::shared_ptr<const SealedBatch> batch = batch_of_700_bytes();
  BatchesInFlight batches{1min};
};

TEST_F(BatchesInFlightTest, WhatAWriterKeepsForTheOperatorIsHeldUntilTheNextFailure) {
  EXPECT_EQ(batches.held_for_operator(), 0u);
  fail(true);
  EXPECT_EQ(batches.held_for_operator(), kBytes);
  fail(false);
  EXPECT_EQ(batches.held_for_operator(), 0u);
  fail(true);
  batches.finish(batch->id);
  EXPECT_EQ(batches.held_for_operator(), 0u);
}

TEST_F(BatchesInFlightTest, WhatIsBlockedIsHeldUntilItIsWrittenAgain) {
  BatchResult blocked;
  blocked.batch = batch;
  blocked.blocked.emplace_back();
  batches.block(std::move(blocked), "t", false, SteadyTime(1h));
  EXPECT_EQ(batches.held_for_operator(), kBytes);
  batches.unblock(batch->id);
  EXPECT_EQ(batches.held_for_operator(), 0u);
}

}  // namespace
}  // namespace freshet::stream
