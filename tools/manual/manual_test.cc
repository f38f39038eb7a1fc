#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <regex>

#include "command_manual.h"
#include "completion.h"
#include "man_page.h"
#include "settings/commands.h"
#include "settings/hints.h"
#include "settings/settings.h"
#include "settings/table.h"

namespace freshet::manual {
namespace {

using testing::HasSubstr;
using testing::Not;

const Edition kEdition{"1.2.3", "2026-11-30"};

CommandManual manual_of(std::string_view name) {
  for (const CommandManual& one : command_manuals()) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << name;
  return {};
}

CommandManual with_option(const OptionManual& option) { return {"run", "runs", "freshet run", {option}, {}, {}}; }

OptionManual described(std::string help) {
  OptionManual option;
  option.flag = "--some-flag";
  option.group = "Group";
  option.help = std::move(help);
  return option;
}

// What bash offers after `freshet COMMAND ... PREVIOUS WORD`.
std::string bash_offers(const std::vector<CommandManual>& commands, const std::string& arguments) {
  const std::string file = testing::TempDir() + "freshet.bash";
  std::ofstream(file) << bash_completion(commands);
  const std::string line = "bash -c 'source \"$1\"; shift; _freshet_words \"$@\"' bash " + file + " " + arguments;
  FILE* const pipe = popen(line.c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer;
  while (const size_t read = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), read);
  EXPECT_EQ(pclose(pipe), 0) << line;
  return out;
}

TEST(ManualTest, EverySettingIsInThePageOfItsCommandsWithItsHelp) {
  for (const settings::Command& command : settings::kCommands) {
    const CommandManual manual = manual_of(command.name);
    for (const settings::Setting& setting : settings::table()) {
      const auto found = std::find_if(manual.options.begin(), manual.options.end(),
                                      [&](const OptionManual& one) { return one.flag == settings::flag_of(setting); });
      ASSERT_EQ(found != manual.options.end(), (setting.commands & command.bit) != 0) << setting.name;
      if (found == manual.options.end()) continue;
      EXPECT_EQ(found->help, setting.help);
    }
  }
}

TEST(ManualTest, SnubasCommandsHaveTheirOwnOptionsOnce) {
  const CommandManual manual = manual_of("rust-consumer");
  const auto named = [&](const char* flag) {
    return std::count_if(manual.options.begin(), manual.options.end(),
                         [&](const OptionManual& one) { return one.flag == flag; });
  };
  EXPECT_EQ(named("--storage"), 1);
  EXPECT_EQ(named("--max-batch-size"), 1);      // Snuba's, and not again freshet's
  EXPECT_EQ(named("--memory-limit-bytes"), 1);  // freshet's
}

TEST(ManPageTest, TextIsNeverARequestOfRoff) {
  const std::string page = command_page(with_option(described(".so /etc/passwd\n'so x \\fB --flag")), kEdition);
  EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd\n\\&'so x \\efB \\-\\-flag\n"));
}

TEST(ManPageTest, AnOptionShowsValueDefaultAndWhetherItIsLive) {
  OptionManual option = described("what it does");
  option.placeholder = "N";
  option.fallback = "12";
  option.live = true;
  EXPECT_THAT(command_page(with_option(option), kEdition),
              HasSubstr(".TP\n\\fB\\-\\-some\\-flag\\fR \\fIN\\fR\nwhat it does; live [12]\n"));
}

TEST(ManPageTest, AnOperandIsShown) {
  EXPECT_THAT(command_page(manual_of("explain"), kEdition),
              HasSubstr(".B freshet explain\n[\\fIOPTIONS\\fR] [\\fIMESSAGE\\fR]\n"));
  EXPECT_THAT(command_page(manual_of("run"), kEdition), HasSubstr(".B freshet run\n[\\fIOPTIONS\\fR]\n"));
  const CommandManual explain = manual_of("explain");
  EXPECT_THAT(zsh_completion({explain}), HasSubstr(" \\\n        '::MESSAGE: ' ;;\n"));
}

TEST(ManPageTest, EveryVariableOfASecretIsNamed) {
  const std::string page = command_page(manual_of("run"), kEdition);
  for (const std::string_view variable : settings::secret_variables()) EXPECT_THAT(page, HasSubstr(variable));
  EXPECT_THAT(page, HasSubstr("FRESHET_CLICKHOUSE_KEY"));
}

TEST(ManPageTest, TheProgramsPageNamesEveryCommand) {
  const auto commands = command_manuals();
  const std::string page = program_page(commands, kEdition);
  EXPECT_THAT(page, HasSubstr(".TH FRESHET 1 2026-11-30 \"freshet 1.2.3\""));
  EXPECT_THAT(page, HasSubstr("freshet\\-accepted\\-outcomes\\-consumer (1)"));
}

TEST(BashCompletionTest, OffersCommandsThenFlagsThenValues) {
  const auto commands = command_manuals();
  EXPECT_EQ(bash_offers(commands, "'' freshet re"), "renew\n");
  EXPECT_EQ(bash_offers(commands, "run run --max-batch-t"), "--max-batch-time-ms\n");
  EXPECT_EQ(bash_offers(commands, "run --log-format j"), "json\n");
  EXPECT_EQ(bash_offers(commands, "check check --max-batch-t"), "--max-batch-time-ms\n");  // an option of `run`
  EXPECT_THAT(bash_offers(commands, "run --clickhouse-password-file /etc/pass"), HasSubstr("/etc/passwd\n"));
}

TEST(BashCompletionTest, ACommandMayHaveTwoWords) {
  const auto commands = command_manuals();
  EXPECT_EQ(bash_offers(commands, "'' freshet dl"), "dlq\n");
  EXPECT_EQ(bash_offers(commands, "dlq dlq re"), "replay\n");
  EXPECT_EQ(bash_offers(commands, "'dlq list' list --sin"), "--since\n");
  EXPECT_EQ(bash_offers(commands, "'dlq list' --state o"), "open\n");
  EXPECT_EQ(page_name(manual_of("dlq list")), "freshet-dlq-list");
  EXPECT_THAT(zsh_completion(commands), HasSubstr("    dlq) second=(list show count replay purge) ;;\n"));
}

TEST(BashCompletionTest, OffersNothingForAValueThatItDoesNotKnow) {
  EXPECT_EQ(bash_offers(command_manuals(), "run --topic ''"), "");
}

TEST(ZshCompletionTest, ADescriptionCannotEndItsArgument) {
  const std::string script = zsh_completion({with_option(described("it's [a] flag: yes"))});
  EXPECT_THAT(script, HasSubstr(R"('--some-flag[it'\''s \[a\] flag\: yes]')"));
}

const std::string kExample = FRESHET_SOURCE_DIR "/packaging/config/example.yaml";

TEST(ExampleTest, FreshetAcceptsThePackagesExample) {
  const auto loaded = settings::load("run", {"--config", kExample}, {});
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_EQ(loaded->settings.pipeline.kafka.topic, "events");
}

TEST(ExampleTest, WhatItLeavesOutAreSettingsToo) {
  std::ifstream file(kExample);
  std::string line;
  size_t found = 0;
  while (std::getline(file, line)) {
    std::smatch match;
    if (!std::regex_match(line, match, std::regex("# ([a-z_]+): .+"))) continue;
    ++found;
    const auto table = settings::table();
    EXPECT_TRUE(std::any_of(table.begin(), table.end(), [&](const settings::Setting& setting) {
      return settings::file_key_of(setting) == match[1];
    })) << line;
  }
  EXPECT_GT(found, 5);
}

}  // namespace
}  // namespace freshet::manual
