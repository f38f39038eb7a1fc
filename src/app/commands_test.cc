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

TEST(CommandsTest, ACommandHasOneWordOrTwo) {
  const auto chosen = [](const std::vector<std::string>& args) { return choose_command(args); };
  EXPECT_EQ(chosen({"run", "--topic", "t"}).words, 1u);
  EXPECT_EQ(chosen({"dlq", "list", "--json"}).words, 2u);
  EXPECT_EQ(chosen({"dlq", "list", "--json"}).command, find_command("dlq list"));
  EXPECT_EQ(chosen({"dlq", "--help"}).command, nullptr);
  EXPECT_EQ(chosen({}).command, nullptr);
  EXPECT_NE(usage_of("dlq").find("dlq replay"), std::string::npos);
  EXPECT_EQ(usage_of("run"), "");
}

}  // namespace
}  // namespace freshet::app
