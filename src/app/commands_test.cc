#include "app/commands.h"

#include <gtest/gtest.h>

#include "settings/commands.h"

namespace freshet::app {
namespace {

TEST(CommandsTest, EveryCommandWithSettingsIsOneOfTheProgram) {
  for (const settings::Command& one : settings::kCommands) EXPECT_NE(find_command(one.name), nullptr) << one.name;
}

TEST(CommandsTest, EveryCommandIsListedAndExplained) {
  for (const Command& one : commands()) {
    EXPECT_NE(usage().find(one.name), std::string::npos) << one.name;
    EXPECT_NE(one.help(one.name).find(one.name), std::string::npos) << one.name;
  }
  EXPECT_EQ(find_command("nothing"), nullptr);
}

}  // namespace
}  // namespace freshet::app
