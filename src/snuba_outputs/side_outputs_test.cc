// What the gate reports about offsets. The effects are tested in tests/flow.
#include "snuba_outputs/side_outputs.h"

#include <gtest/gtest.h>

namespace freshet::snuba_outputs {
namespace {

constexpr auto kCommitLog = static_cast<size_t>(SideTopicName::CommitLog);
constexpr auto kReplacements = static_cast<size_t>(SideTopicName::Replacements);
constexpr auto kCogs = static_cast<size_t>(SideTopicName::Cogs);

// One chunk of partition 0 with messages up to `last`.
std::shared_ptr<const SealedBatch> batch(uint64_t id, int64_t last) {
  auto chunk = std::make_shared<ProcessedChunk>();
  chunk->sequence = id;
  chunk->covered = OffsetRange{Offset{last}, Offset{last}};
  chunk->stats.usage = {{"spans", 5}};
  auto batch = std::make_shared<SealedBatch>();
  batch->id = id;
  batch->chunks = {chunk};
  batch->parts = {{Partition{0}, AssignmentId{1}, 0, 1}};
  return batch;
}

struct SideOutputsTest : ::testing::Test {
  std::vector<GateRecord> sendable(SideOutputs& outputs) {
    std::vector<GateRecord> out;
    outputs.take_sendable(now, wall, out);
    return out;
  }
  SideOutputs outputs(const SideOutputSettings& settings) {
    return SideOutputs(settings, "t", "g", "res", metrics, null_log());
  }

  Metrics metrics;
  SteadyTime now{std::chrono::hours(1)};
  SystemTime wall{std::chrono::seconds(1'700'000'000)};
  OffsetGate::Finished finished;
};

TEST_F(SideOutputsTest, WithoutACommitLogAStoredBatchIsFinished) {
  SideOutputs gate = outputs({});
  EXPECT_FALSE(gate.needs().skipped_messages);
  gate.sealed(*batch(1, 9));
  gate.stored(batch(1, 9), wall, finished);
  ASSERT_EQ(finished.parts.size(), 1u);
  EXPECT_EQ(finished.parts[0].chunks, (std::vector<uint64_t>{1}));
  EXPECT_TRUE(sendable(gate).empty());
}

// The earlier one may be blocked until an operator decides, and the rows of the others would take memory until then.
TEST_F(SideOutputsTest, AStoredBatchWhoseRecordWaitsForAnEarlierBatchKeepsNoRows) {
  SideOutputs gate = outputs({.commit_log = true});
  gate.sealed(*batch(1, 9));
  auto later = batch(2, 19);
  gate.sealed(*later);
  gate.stored(later, wall, finished);
  const std::weak_ptr<const SealedBatch> kept = later;
  later.reset();
  EXPECT_TRUE(kept.expired());
  gate.stored(batch(1, 9), wall, finished);
  EXPECT_EQ(sendable(gate).size(), 2u);
}

TEST_F(SideOutputsTest, ABatchIsFinishedOnceTheCommitLogHasItsRecord) {
  SideOutputs gate = outputs({.commit_log = true});
  EXPECT_TRUE(gate.needs().skipped_messages);
  gate.sealed(*batch(1, 9));
  gate.sealed(*batch(2, 19));
  gate.stored(batch(2, 19), wall, finished);
  EXPECT_TRUE(sendable(gate).empty()) << "the batch before it is not stored";
  gate.stored(batch(1, 9), wall, finished);
  const auto records = sendable(gate);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].topic, kCommitLog);
  EXPECT_EQ(records[0].record->key, "t:0:g");
  EXPECT_NE(records[0].record->value.find("\"offset\":10,"), std::string::npos);
  EXPECT_TRUE(finished.parts.empty());
  EXPECT_FALSE(gate.settled(Partition{0}));
  for (const GateRecord& one : records) gate.result(kCommitLog, one.ticket, {}, now, finished);
  ASSERT_EQ(finished.parts.size(), 2u);
  EXPECT_EQ(finished.parts[0].chunks, (std::vector<uint64_t>{1}));
  EXPECT_EQ(finished.parts[1].chunks, (std::vector<uint64_t>{2}));
  EXPECT_TRUE(gate.settled(Partition{0}));
}

TEST_F(SideOutputsTest, ARejectedReplacementIsToldAndSentAgainOrGivenUp) {
  SideOutputs gate = outputs({.replacements = true});
  EXPECT_TRUE(gate.needs().side_records);
  gate.add(Partition{0}, AssignmentId{1}, {Offset{7}, "key", "value"}, {});
  auto records = sendable(gate);
  ASSERT_EQ(records.size(), 1u);
  gate.result(kReplacements, records[0].ticket, failure(ErrorKind::Invalid, "too large"), now, finished);
  ASSERT_TRUE(finished.rejected);
  EXPECT_EQ(finished.rejected->offset, Offset{7});
  EXPECT_EQ(gate.first_record(Partition{0}), Offset{7});
  now += delivery::kRetryDelay;
  records = sendable(gate);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(gate.drop_records(Partition{0}, AssignmentId{1}, Offset{8}).empty()) << "the producer has it";
  gate.result(kReplacements, records[0].ticket, failure(ErrorKind::Invalid, "too large"), now, finished);
  const auto dropped = gate.drop_records(Partition{0}, AssignmentId{1}, Offset{8});
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].offset, Offset{7});
  EXPECT_TRUE(gate.empty());
}

TEST_F(SideOutputsTest, CogsGoOutOnceAMinuteOrWhenFlushedAndNoOffsetWaitsForThem) {
  SideOutputs gate = outputs({.cogs = true});
  gate.stored(batch(1, 9), wall, finished);
  EXPECT_EQ(finished.parts.size(), 1u);
  EXPECT_TRUE(gate.empty());
  EXPECT_FALSE(gate.flushed());
  gate.flush();
  const auto records = sendable(gate);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].topic, kCogs);
  gate.result(kCogs, records[0].ticket, {}, now, finished);
  EXPECT_TRUE(gate.flushed());
}

}  // namespace
}  // namespace freshet::snuba_outputs
