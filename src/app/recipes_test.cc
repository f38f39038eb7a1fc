// The command lines and configuration files that the documentation offers for copying are accepted.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "app/commands.h"
#include "testkit/child_process.h"

namespace freshet::app {
namespace {

using Words = std::vector<std::string>;

// A fenced block of a Markdown file.
struct Block {
  std::string language;
  std::string text;
};

std::vector<Block> blocks_of(const std::string& file) {
  std::ifstream in(std::string(FRESHET_SOURCE_DIR) + "/" + file);
  std::vector<Block> blocks;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), ""});
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

// The commands of a block: without line breaks, comments and the prompt.
std::vector<Words> commands_of(const std::string& block) {
  std::istringstream lines(std::regex_replace(block, std::regex(R"(\\\n)"), " "));
  std::vector<Words> commands;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find(" #")));
    commands.emplace_back(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
  }
  return commands;
}

class RecipesTest : public testing::Test {
 protected:
  // The text with names of files that exist: those of secrets and certificates, and `events.yaml`.
  std::string with_files(const std::string& text) const {
    static const std::regex file(R"((/etc/freshet|/run/secrets)/[\w./-]*[\w-])");
    std::string out;
    auto rest = text.cbegin();
    for (std::sregex_iterator i(text.begin(), text.end(), file), end; i != end; ++i) {
      const std::string path = folder_.path(std::filesystem::path(i->str()).filename());
      out.append(rest, (*i)[0].first).append(path);
      rest = (*i)[0].second;
      if (!std::filesystem::exists(path)) write(path, "secret\n");
    }
    return out.append(rest, text.cend());
  }

  void write(const std::string& path, const std::string& text) const {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
  }

  void expect_accepted(const Words& args, const std::map<std::string, std::string>& environment = {}) {
    const std::string line = fmt::format("freshet {}", fmt::join(args, " "));
    const ChosenCommand chosen = choose_command(args);
    ASSERT_NE(chosen.command, nullptr) << line;
    const auto loaded = chosen.command->load(
        chosen.command->name, {args.begin() + static_cast<ptrdiff_t>(chosen.words), args.end()}, environment);
    if (!loaded) FAIL() << line << "\n" << fmt::format("{}", fmt::join(loaded.error(), "\n"));
    EXPECT_TRUE(loaded->warnings.empty()) << line << "\n" << fmt::format("{}", fmt::join(loaded->warnings, "\n"));
    ++accepted_;
  }

  // A configuration file, or a chart's values with one in `config`.
  void expect_accepted_file(const std::string& text) {
    const YAML::Node root = YAML::Load(text);
    const std::string path = folder_.path("recipe.yaml");
    write(path, with_files(root["config"] ? YAML::Dump(root["config"]) : text));
    SCOPED_TRACE(text);
    expect_accepted({"run", "--config", path});
    expect_accepted({"check", "--config", path});
  }

  // `docker run [OPTIONS] freshet:VERSION [COMMAND]`
  void expect_accepted_container(const Words& words) {
    std::map<std::string, std::string> environment;
    for (size_t i = 2; i < words.size(); ++i) {
      if (words[i - 1] == "--env") {
        const size_t equals = words[i].find('=');
        environment[words[i].substr(0, equals)] = words[i].substr(equals + 1);
      }
      if (!words[i].starts_with("freshet:")) continue;
      Words args(words.begin() + static_cast<ptrdiff_t>(i) + 1, words.end());
      if (args.empty()) args = {"run"};  // CMD of the image
      return expect_accepted(args, environment);
    }
    ADD_FAILURE() << "no image";
  }

  void expect_accepted_commands(const std::string& text) {
    for (const Words& words : commands_of(with_files(text))) {
      if (words.empty()) continue;
      if (words[0] == "freshet") expect_accepted({words.begin() + 1, words.end()});
      if (words[0] == "docker" && words[1] == "run") expect_accepted_container(words);
    }
  }

  testkit::TempFolder folder_;
  size_t accepted_ = 0;
};

TEST_F(RecipesTest, EveryCommandAndFileOfTheRecipesIsAccepted) {
  const std::vector<Block> blocks = blocks_of("docs/recipes.md");
  for (const Block& block : blocks) {
    if (block.language == "yaml") expect_accepted_file(block.text);
  }
  const size_t files = accepted_;
  EXPECT_GE(files, 16u);
  std::filesystem::copy(folder_.path("recipe.yaml"), folder_.path("events.yaml"));
  for (const Block& block : blocks) {
    if (block.language != "sh") continue;
    expect_accepted_commands(
        std::regex_replace(block.text, std::regex(R"(--config events\.yaml)"), "--config /etc/freshet/events.yaml"));
  }
  EXPECT_GE(accepted_ - files, 5u);
}

TEST_F(RecipesTest, TheReadmesCommandIsAccepted) {
  for (const Block& block : blocks_of("README.md")) {
    if (block.text.starts_with("freshet run ")) expect_accepted_commands(block.text);
  }
  EXPECT_EQ(accepted_, 1u);
}

}  // namespace
}  // namespace freshet::app
