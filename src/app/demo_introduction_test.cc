#include "app/demo_introduction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "app/commands.h"
#include "app/live_view.h"

namespace freshet::app {
namespace {

// Long, as they are: five digits of a port.
const DemoIntroduction kIntroduction{"build/demo/freshet",
                                     "/tmp/tmp.AbCdEfGhIj/freshet-AbCdEf/events.yaml",
                                     "http://127.0.0.1:65535/",
                                     "http://127.0.0.1:65535",
                                     "web_events",
                                     20'000,
                                     true};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(DemoIntroductionTest, FitsAboveTheViewIntoATerminalOf24Lines) {
  const std::vector<std::string> lines = lines_of(to_text(kIntroduction));
  for (const std::string& line : lines) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_LT(lines.size() + lines_of(LiveView().render({}, 80)).size(), 24u);  // the cursor is below them
}

TEST(DemoIntroductionTest, ItsCommandsAreAccepted) {
  const std::string config = testing::TempDir() + "/demo_introduction.yaml";
  std::ofstream(config)
      << "bootstrap_server: h:1\ntopic: t\nconsumer_group: g\nclickhouse_url: http://c:1\ntable: d.t\n"
         "dead_letter_topic: dead\n";
  DemoIntroduction introduction = kIntroduction;
  introduction.program = "freshet";
  size_t commands = 0;
  for (const std::string& line : lines_of(to_text(introduction))) {
    if (!line.starts_with("  freshet ")) continue;
    std::istringstream words(line.substr(0, line.find('#')));
    std::vector<std::string> args{std::istream_iterator<std::string>(words), {}};
    args.erase(args.begin());
    std::replace(args.begin(), args.end(), std::string("$config"), config);
    const ChosenCommand chosen = choose_command(args);
    ASSERT_NE(chosen.command, nullptr) << line;
    args.erase(args.begin(), args.begin() + static_cast<ptrdiff_t>(chosen.words));
    const auto loaded = chosen.command->load(chosen.command->name, args, {});
    EXPECT_TRUE(loaded) << line << ": " << (loaded ? "" : loaded.error().front());
    ++commands;
  }
  EXPECT_EQ(commands, 4u);
  std::remove(config.c_str());
}

}  // namespace
}  // namespace freshet::app
