#include "model/framing.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(FramingTest, AMessageThatBeginsWithByteZeroIsCalledWhatItIs) {
  const std::string framed("\0\0\0\1\2{\"a\":1}", 12);
  const std::string text = reason_with_framing("invalid JSON at byte 0", framed);
  EXPECT_EQ(text.find("invalid JSON at byte 0: "), 0u) << text;
  EXPECT_NE(text.find("schema registry"), std::string::npos) << text;
  EXPECT_NE(text.find("schema id 258"), std::string::npos) << text;
  EXPECT_EQ(framing_note(std::string_view("\0", 1)).value_or("").find("schema id"), std::string::npos);
  EXPECT_EQ(reason_with_framing("x", "{}"), "x");
  EXPECT_EQ(reason_with_framing("x", ""), "x");
  EXPECT_EQ(reason_with_framing("x", std::nullopt), "x");
}

}  // namespace
}  // namespace freshet
