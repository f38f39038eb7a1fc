#include "stream/kept.h"

#include <gtest/gtest.h>

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

TEST(KeptTest, GivesBackKeyHeadersAndPayload) {
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
    keep(message, rows_are_payload, scratch, processed.kept);
    rows.kept_size = static_cast<uint32_t>(processed.kept.size());
    const DeadLetter letter = unkeep(processed, rows, "t");
    EXPECT_EQ(letter.key, std::string("k\0y", 3));
    EXPECT_EQ(letter.payload, "{}");
    ASSERT_EQ(letter.headers.size(), 3u);
    EXPECT_EQ(letter.headers[1].second, std::nullopt);
    EXPECT_EQ(letter.headers[2].second, "");
  }
}

TEST(KeptTest, GivesBackALargeMessageThatWasKeptWhole) {
  const SomeHeaders memory;
  Message message(&memory, nullptr, &memory);
  message.offset = Offset{7};
  message.key = "k";
  message.payload = "{}";
  ProcessedChunk processed;
  const uint64_t bytes = processed.held_bytes();
  keep(padded_copy(message), processed);
  EXPECT_GE(processed.held_bytes(), bytes + message.bytes());
  MessageRows rows;
  rows.offset = Offset{7};
  const DeadLetter letter = unkeep(processed, rows, "t");
  EXPECT_EQ(letter.key, "k");
  EXPECT_EQ(letter.payload, "{}");
  ASSERT_EQ(letter.headers.size(), 3u);
  EXPECT_EQ(letter.headers[0], (std::pair<std::string, std::optional<std::string>>{"a", "1"}));
  EXPECT_EQ(letter.headers[1].second, std::nullopt);
  rows.offset = Offset{8};
  EXPECT_EQ(unkeep(processed, rows, "t").payload, std::nullopt);
}

}  // namespace
}  // namespace freshet::stream
