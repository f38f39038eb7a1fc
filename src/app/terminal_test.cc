#include "app/terminal.h"

#include <gtest/gtest.h>

namespace freshet::app {
namespace {

TEST(TerminalTest, AControlSequenceIsOneKey) {
  EXPECT_EQ(first_key(""), 0u);
  EXPECT_EQ(first_key("qq"), 1u);
  EXPECT_EQ(first_key("\x1b"), 1u) << "Escape";
  EXPECT_EQ(first_key("\x1b[Aq"), 3u);
  EXPECT_EQ(first_key("\x1b[1;5Aq"), 6u) << "Ctrl and an arrow";
  EXPECT_EQ(first_key("\x1b[5~q"), 4u) << "Page up";
  EXPECT_EQ(first_key("\x1b[1;5"), 0u) << "the rest has not arrived";
}

}  // namespace
}  // namespace freshet::app
