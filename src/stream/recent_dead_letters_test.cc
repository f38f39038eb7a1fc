#include "stream/recent_dead_letters.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::stream {
namespace {

DeadLetterRecord record(int64_t offset, std::string reason) {
  DeadLetterRecord out;
  out.partition = Partition{3};
  out.offset = Offset{offset};
  out.reason_code = "invalid_json";
  out.reason = std::move(reason);
  out.payload = "hush";
  return out;
}

TEST(RecentDeadLettersTest, ReasonsAreMarkedAndBounded) {
  RecentDeadLetters recent;
  recent.add(record(7, std::string(10'000, 'x')), SystemTime(std::chrono::seconds(5)));
  const std::vector<DeadLetterNote> notes = recent.list();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].at, SystemTime(std::chrono::seconds(5)));
  EXPECT_EQ(notes[0].partition, Partition{3});
  EXPECT_EQ(notes[0].offset, Offset{7});
  EXPECT_EQ(notes[0].reason_code, "invalid_json");
  EXPECT_EQ(with_message_texts(notes[0].reason).size(), RecentDeadLetters::kReasonBytes);
  EXPECT_EQ(without_message_texts(notes[0].reason, ""), "") << "the reason may quote the message";
}

TEST(RecentDeadLettersTest, TheOldestIsForgotten) {
  RecentDeadLetters recent;
  for (int64_t i = 0; i < 60; ++i) recent.add(record(i, ""), {});
  const std::vector<DeadLetterNote> notes = recent.list();
  ASSERT_EQ(notes.size(), RecentDeadLetters::kMost);
  EXPECT_EQ(notes.front().offset, Offset{59});
  EXPECT_EQ(notes.back().offset, Offset{10});
}

}  // namespace
}  // namespace freshet::stream
