#include "stream/dlq_context.h"

#include <gtest/gtest.h>

#include <tuple>

#include "model/owned_message.h"

namespace freshet::stream {
namespace {

class SomeHeaders final : public MessageMemory {
 public:
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>& out) const override {
    out = {{"a", "1"}, {"b", std::nullopt}, {"a", ""}};
  }
};

TEST(DlqContextTest, DecodesKeyHeadersAndPayload) {
  const SomeHeaders memory;
  for (const bool rows_are_payload : {true, false}) {
    Message message(&memory, nullptr, &memory);
    message.key = std::string_view("k\0y", 3);
    message.payload = "{}";
    ProcessedChunk processed;
    processed.rows = rows_are_payload ? "{}\n" : "other\n";
    MessageRows rows;
    rows.rows_size = processed.rows.size();
    rows.rows_are_payload = rows_are_payload;
    std::vector<HeaderView> scratch;
    encode_dlq_context(message, rows_are_payload, scratch, processed.dlq_contexts);
    rows.dlq_context_size = static_cast<uint32_t>(processed.dlq_contexts.size());
    const DeadLetterRecord dead_letter = decode_dlq_context(processed, rows, "t");
    EXPECT_EQ(dead_letter.key, std::string("k\0y", 3));
    EXPECT_EQ(dead_letter.payload, "{}");
    ASSERT_EQ(dead_letter.headers.size(), 3u);
    EXPECT_EQ(dead_letter.headers[1].second, std::nullopt);
    EXPECT_EQ(dead_letter.headers[2].second, "");
  }
}

TEST(DlqContextTest, DecodesALargeMessageThatWasKeptWhole) {
  const SomeHeaders memory;
  Message message(&memory, nullptr, &memory);
  message.offset = Offset{7};
  message.timestamp_ms = 8;
  message.key = "k";
  message.payload = "{}";
  ProcessedChunk processed;
  const uint64_t bytes = processed.held_bytes();
  processed.dlq_messages.push_back(padded_copy(message));
  EXPECT_GE(processed.held_bytes(), bytes + message.bytes());
  MessageRows rows;
  rows.offset = Offset{7};
  const DeadLetterRecord dead_letter = decode_dlq_context(processed, rows, "t");
  EXPECT_EQ(dead_letter.key, "k");
  EXPECT_EQ(dead_letter.payload, "{}");
  EXPECT_EQ(dead_letter.timestamp_ms, 8);
  ASSERT_EQ(dead_letter.headers.size(), 3u);
  EXPECT_EQ(dead_letter.headers[0], (std::pair<std::string, std::optional<std::string>>{"a", "1"}));
  EXPECT_EQ(dead_letter.headers[1].second, std::nullopt);
  rows.offset = Offset{8};
  EXPECT_EQ(decode_dlq_context(processed, rows, "t").payload, std::nullopt);
}

TEST(DlqContextTest, TheRecordOfAMessageWithoutRowsIsTheSameAsThatOfARejectedRow) {
  const SomeHeaders memory;
  Message message(&memory, nullptr, &memory);
  message.offset = Offset{5};
  message.timestamp_ms = 7;
  message.payload = "{}";
  std::vector<HeaderView> scratch;
  const DeadLetterRecord invalid = dead_letter_of(message, Partition{3}, "t");
  ProcessedChunk processed;
  processed.partition = Partition{3};
  processed.rows = "other\n";
  MessageRows rows;
  rows.offset = message.offset;
  rows.timestamp_ms = message.timestamp_ms;
  rows.rows_size = processed.rows.size();
  encode_dlq_context(message, false, scratch, processed.dlq_contexts);
  rows.dlq_context_size = static_cast<uint32_t>(processed.dlq_contexts.size());
  const DeadLetterRecord rejected = decode_dlq_context(processed, rows, "t");
  const auto parts = [](const DeadLetterRecord& record) {
    return std::tie(record.topic, record.partition, record.offset, record.timestamp_ms, record.key, record.payload,
                    record.headers);
  };
  EXPECT_EQ(parts(invalid), parts(rejected));
}

}  // namespace
}  // namespace freshet::stream
