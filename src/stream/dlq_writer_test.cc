#include "stream/dlq_writer.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

using std::chrono::seconds;

struct DlqWriterTest : ::testing::Test {
  static LiveOptions limited(double per_second, uint64_t burst) {
    LiveOptions options;
    options.dead_letters_per_second = per_second;
    options.dead_letter_burst = burst;
    return options;
  }
  static void add(DlqWriter& dlq, int32_t partition, int64_t offset) {
    auto record = std::make_shared<DeadLetterRecord>();
    record->partition = Partition{partition};
    record->offset = Offset{offset};
    record->reason_code = "invalid_json";
    dlq.add(std::move(record), AssignmentId{1});
  }
  size_t send(DlqWriter& dlq) {
    out.clear();
    blocked.clear();
    dlq.take_sendable(now, out, blocked);
    return out.size();
  }

  SteadyTime now{seconds(100)};
  std::vector<OutgoingDeadLetter> out;
  std::vector<DlqWriter::Blocked> blocked;
  std::vector<DlqWriter::Finished> finished;
};

TEST_F(DlqWriterTest, AtTheRateLimitEachWaitingPartitionIsBlockedOnceUntilTheLimitIsLifted) {
  DlqWriter dlq(limited(1, 2), now);
  for (int64_t offset = 0; offset < 3; ++offset) add(dlq, 0, offset);
  add(dlq, 1, 0);
  EXPECT_EQ(send(dlq), 2u);
  ASSERT_EQ(blocked.size(), 2u);
  EXPECT_EQ(blocked[0].reason, BlockReason::DlqRateLimited);
  EXPECT_EQ(blocked[1].partition, Partition{1});
  EXPECT_TRUE(dlq.rate_limited());
  now += seconds(60);
  EXPECT_EQ(send(dlq), 0u) << "a person decides, not time";
  EXPECT_TRUE(blocked.empty());
  dlq.set_limit(limited(1, 2), now);
  EXPECT_TRUE(dlq.rate_limited()) << "the same limit";
  dlq.set_limit(limited(1, 3), now);
  EXPECT_EQ(send(dlq), 2u);
  EXPECT_FALSE(dlq.rate_limited());
}

TEST_F(DlqWriterTest, ARejectedRecordBlocksItsPartitionUntilItIsDropped) {
  DlqWriter dlq(limited(0, 1), now);
  add(dlq, 0, 5);
  ASSERT_EQ(send(dlq), 1u);
  EXPECT_EQ(dlq.reason_code(out[0].ticket), "invalid_json");
  dlq.result(out[0].ticket, failure(ErrorKind::Invalid, "too large"), now, finished, blocked);
  ASSERT_EQ(blocked.size(), 1u);
  EXPECT_EQ(blocked[0].reason, BlockReason::DlqRejected);
  EXPECT_EQ(dlq.first_rejected(Partition{0}), Offset{5});
  EXPECT_EQ(dlq.first_rejection(Partition{0}), blocked[0].text);
  dlq.drop_rejected(Partition{0}, AssignmentId{1}, Offset{5}, finished);
  EXPECT_TRUE(finished.empty());
  dlq.drop_rejected(Partition{0}, AssignmentId{1}, Offset{6}, finished);
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished[0].offset, Offset{5});
  EXPECT_TRUE(dlq.empty());
}

TEST_F(DlqWriterTest, SaysWhenTheTopicAcknowledgesNothing) {
  DlqWriter dlq(limited(0, 1), now);
  add(dlq, 0, 5);
  ASSERT_EQ(send(dlq), 1u);
  const uint64_t ticket = out[0].ticket;
  EXPECT_EQ(dlq.not_ready_reason(now + seconds(4)), "");
  dlq.result(ticket, failure(ErrorKind::Retry, "no leader"), now, finished, blocked);
  now += seconds(6);
  EXPECT_NE(dlq.not_ready_reason(now).find("for 6 s"), std::string::npos) << dlq.not_ready_reason(now);
  EXPECT_NE(dlq.not_ready_reason(now).find("no leader"), std::string::npos);
  ASSERT_EQ(send(dlq), 1u);
  dlq.result(ticket, {}, now, finished, blocked);
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(dlq.not_ready_reason(now + seconds(60)), "");
}

}  // namespace
}  // namespace freshet::stream
