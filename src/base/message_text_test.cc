#include "base/message_text.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(MessageTextTest, IsShownOrNot) {
  const std::string text = "refused: " + message_text("card 4711") + "; alter the table";
  EXPECT_EQ(with_message_texts(text), "refused: card 4711; alter the table");
  EXPECT_EQ(without_message_texts(text, "[...]"), "refused: [...]; alter the table");
  EXPECT_EQ(without_message_texts("nothing of a message", "[...]"), "nothing of a message");
  EXPECT_EQ(without_message_texts("a " + message_text("b") + " c " + message_text("d"), "x"), "a x c x");
}

// A message cannot close its own mark, and truncation cannot lose a mark.
TEST(MessageTextTest, NoMessageGetsOut) {
  const std::string sly = "before \x0f behind \x0e more";
  const std::string text = "refused: " + message_text(sly) + ".";
  EXPECT_EQ(without_message_texts(text, "[...]"), "refused: [...].");
  EXPECT_EQ(with_message_texts(text), "refused: before  behind  more.");
  EXPECT_EQ(without_message_texts(text.substr(0, 15), "[...]"), "refused: [...]");
  EXPECT_EQ(without_message_texts("outer " + message_text("one " + message_text("two") + " three") + " end", "x"),
            "outer x end");
}

}  // namespace
}  // namespace freshet
