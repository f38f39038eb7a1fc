#include "model/owned_message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace freshet {
namespace {

class TwoHeaders final : public MessageMemory {
 public:
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>& out) const override {
    out.push_back({"a", "1"});
    out.push_back({"b", std::nullopt});
  }
};

TEST(OwnedMessageTest, OutlivesWhatItIsACopyOf) {
  std::string payload(1000, 'p');
  std::string key = "key";
  const TwoHeaders memory;
  Message copy;
  {
    Message message(&memory, nullptr, &memory);
    message.offset = Offset{7};
    message.timestamp_ms = 8;
    message.key = key;
    message.payload = payload;
    copy = padded_copy(message);
  }
  payload.assign(1000, 'x');
  key = "xxx";
  EXPECT_EQ(copy.offset, Offset{7});
  EXPECT_EQ(copy.timestamp_ms, 8);
  EXPECT_EQ(copy.key, "key");
  EXPECT_EQ(copy.payload, std::string(1000, 'p'));
  ASSERT_TRUE(copy.padded);
  EXPECT_EQ(std::string_view(copy.payload->data() + 1000, Message::kPadding), std::string(Message::kPadding, '\0'));
  const Message moved = std::move(copy);
  EXPECT_TRUE(moved.padded);
  std::vector<HeaderView> headers;
  moved.headers(headers);
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].name, "a");
  EXPECT_EQ(headers[0].value, "1");
  EXPECT_EQ(headers[1].value, std::nullopt);
}

TEST(OwnedMessageTest, ANullPayloadStaysOne) {
  const Message copy = padded_copy(Message());
  EXPECT_EQ(copy.payload, std::nullopt);
  EXPECT_EQ(copy.key, std::nullopt);
  EXPECT_FALSE(copy.padded);
}

}  // namespace
}  // namespace freshet
