// The program among sick surroundings: what it was started with, and what stands around it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "testkit/child_process.h"
#include "testkit/freshet_process.h"

namespace freshet {
namespace {

using testkit::ChildProcess;
using testkit::eventually;
using namespace std::chrono_literals;

// Started by a shell that prepares its descriptors and limits. Nothing answers at its addresses.
struct ProcessTest : testing::Test {
  // `shell`: what comes before `freshet`, `redirections` what comes behind its arguments.
  void start(const std::string& shell, const std::string& redirections) {
    const std::string script = shell + "\necho $$ >'" + folder.path("pid") + "'\nexec '" + testkit::freshet_program() +
                               "' run --bootstrap-server 127.0.0.1:1 --topic t --consumer-group g "
                               "--clickhouse-url http://127.0.0.1:1 --table t --health-check-file '" +
                               folder.path("health") + "' " + options + " " + redirections;
    process = std::make_unique<ChildProcess>(std::vector<std::string>{"bash", "-c", script}, folder.path("out"));
  }
  bool lives() {
    return eventually(60s, [&] { return std::filesystem::exists(folder.path("health")); });
  }
  std::string target_of(int descriptor) {
    std::string pid;
    std::ifstream(folder.path("pid")) >> pid;
    std::error_code gone;
    return std::filesystem::read_symlink("/proc/" + pid + "/fd/" + std::to_string(descriptor), gone).string();
  }

  testkit::TempFolder folder;
  std::string options;
  std::unique_ptr<ChildProcess> process;
};

TEST_F(ProcessTest, StandardDescriptorsThatAreClosedBecomeNobodyElses) {
  start("", "<&- >&- 2>&-");
  ASSERT_TRUE(lives());
  for (const int descriptor : {0, 1, 2}) EXPECT_EQ(target_of(descriptor), "/dev/null");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60s), 0);
}

// The pipe is full from the start, and open to read by a process that never does.
TEST_F(ProcessTest, ALogThatNobodyReadsStopsNothing) {
  const std::string pipe = folder.path("log");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  options = "--log-level debug";
  start("exec 9<>'" + pipe + "'; head -c 65536 /dev/zero >&9", "2>'" + pipe + "'");
  ASSERT_TRUE(lives());
  std::filesystem::remove(folder.path("health"));
  EXPECT_TRUE(lives());
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60s), 0);
}

TEST_F(ProcessTest, AHealthFileThatIsAPipeIsRefusedAtTheStart) {
  ASSERT_EQ(mkfifo(folder.path("health").c_str(), 0600), 0);
  start("", "");
  EXPECT_EQ(process->wait(60s), 2);
  EXPECT_NE(process->output().find("name a regular file"), std::string::npos) << process->output();
}

}  // namespace
}  // namespace freshet
