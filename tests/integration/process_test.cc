// The program in a hostile environment: what it inherits, and what it connects to.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "testkit/child_process.h"
#include "testkit/freshet_process.h"
#include "testkit/socket.h"

namespace freshet {
namespace {

using testkit::ChildProcess;
using testkit::eventually;
using namespace std::chrono_literals;

// Started by a shell that prepares its descriptors and limits. No server answers at its addresses.
struct ProcessTest : testing::Test {
  // `shell` precedes `freshet`; `redirections` follows its arguments.
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
  options = "--core-dumps";  // otherwise only root may read it
  start("", "<&- >&- 2>&-");
  ASSERT_TRUE(lives());
  for (const int descriptor : {0, 1, 2}) EXPECT_EQ(target_of(descriptor), "/dev/null");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60s), 0);
}

// The pipe is full from the start, and its reader never reads.
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

// With any amount of memory: it works, or it exits with an error message and the right status. It never aborts.
TEST_F(ProcessTest, WhereMemoryIsShortItEndsInOrder) {
  options = "--delivery at-least-once";  // a process that waits for its table needs less
  int ended_for_it = 0;
  for (int megabytes = 36; megabytes <= 72; megabytes += 3) {
    std::filesystem::remove(folder.path("health"));
    std::filesystem::remove(folder.path("out"));
    // With stacks of the usual size it would be threads that find no room.
    start("ulimit -s 256; ulimit -v " + std::to_string(megabytes * 1024), "");
    if (eventually(60s, [&] { return !process->running() || std::filesystem::exists(folder.path("health")); })) {
      process->signal(SIGTERM);
    }
    const auto status = process->wait(60s);
    ASSERT_TRUE(status) << megabytes;
    EXPECT_TRUE(*status == 0 || *status == 2 || *status == 3) << megabytes << " MiB: " << *status << process->output();
    if (*status != 3) continue;
    ++ended_for_it;
    EXPECT_NE(process->output().find("memory is short"), std::string::npos) << process->output();
  }
  EXPECT_GE(ended_for_it, 1);
}

// Runs the program as another user whose processes and threads are limited. The file is opened here, so that the user
// can read it. Without root, the user's own processes count as well.
// `delivery`: with at-least-once all parts start; with auto it waits for its table, with the few parts of the wait.
std::string limited_to(int threads, int user, const char* delivery) {
  const std::string as_user = geteuid() == 0 ? fmt::format("setpriv --reuid {} --clear-groups ", user) : "";
  const std::string others = geteuid() == 0 ? "" : "+ $(ps -L -u $UID --no-headers | wc -l)";
  return fmt::format(
      "exec 9<'{}'; exec {}bash -c 'ulimit -u $(({} {})); exec -a freshet /proc/self/fd/9 run "
      "--bootstrap-server 127.0.0.1:1 --topic t --consumer-group g --dead-letter-topic d --concurrency 3 "
      "--clickhouse-url http://127.0.0.1:1 --table t --admin-listen 127.0.0.1:0 --statsd udp://127.0.0.1:9 "
      "--allow-secrets-in-arguments --sentry-dsn http://a@127.0.0.1:9/1 --runtime-config file:/nowhere/options.json "
      "--delivery {}'",
      testkit::freshet_program(), as_user, threads, others, delivery);
}

// Whichever thread is refused first: it runs, or it says which limit to raise and exits. It never aborts.
TEST_F(ProcessTest, WhereThreadsAreRefusedItRunsOrSaysWhatToRaise) {
  constexpr int kMost = 40;  // more than it needs
  const int at_a_time = geteuid() == 0 ? 10 : 1;
  const int first_user = 20'000 + getpid() % 1'000 * kMost;
  const std::string sentence = "freshet: the system refuses a new thread";
  int refused = 0;
  int ran = 0;
  for (int threads = 1; threads <= kMost;) {
    std::vector<std::unique_ptr<ChildProcess>> running;
    for (int i = 0; i < at_a_time; ++i, ++threads) {
      running.push_back(std::make_unique<ChildProcess>(
          std::vector<std::string>{
              "bash", "-c", limited_to(threads, first_user + threads, threads % 3 == 0 ? "auto" : "at-least-once")},
          folder.path("out" + std::to_string(threads))));
    }
    for (const auto& one : running) {
      const auto says = [&](const std::string& text) { return one->output().find(text) != std::string::npos; };
      ASSERT_TRUE(eventually(60s, [&] {
        return !one->running() || says("consumer_backoff") || says("dependency_missing") || says("waits_for_table");
      })) << one->output();
      if (one->running()) one->signal(SIGTERM);
      const auto status = one->wait(60s);
      ASSERT_TRUE(status) << one->output();
      ASSERT_TRUE(*status == 0 || *status == 2) << *status << one->output();
      EXPECT_EQ(says(sentence), *status == 2) << one->output();
      ++(*status == 0 ? ran : refused);
    }
  }
  EXPECT_GE(refused, 1);
  EXPECT_GE(ran, 1);
}

TEST_F(ProcessTest, LeavesNoCoreDumpUnlessAllowed) {
  const auto dumpable = [&] {
    std::string pid;
    std::ifstream(folder.path("pid")) >> pid;
    std::ifstream limits("/proc/" + pid + "/limits");
    for (std::string line; std::getline(limits, line);) {
      if (line.starts_with("Max core file size")) return line.find(" 0  ") == std::string::npos;
    }
    return true;
  };
  start("ulimit -c 1000", "");
  ASSERT_TRUE(lives());
  EXPECT_FALSE(dumpable());
  process.reset();  // it would write the file again
  std::filesystem::remove(folder.path("health"));
  options = "--core-dumps";
  start("ulimit -c 1000", "");
  ASSERT_TRUE(lives());
  EXPECT_TRUE(dumpable());
}

TEST_F(ProcessTest, SecretsDoNotStayInTheProcessList) {
  options =
      "--allow-secrets-in-arguments --set kafka.ssl.key.password=hunter2 --runtime-config "
      "redis://:hunter3@127.0.0.1:1/0 --admin-listen 127.0.0.1:0";
  start("", "");
  ASSERT_TRUE(lives());
  std::string pid;
  std::ifstream(folder.path("pid")) >> pid;
  std::ostringstream arguments;
  arguments << std::ifstream("/proc/" + pid + "/cmdline").rdbuf();
  EXPECT_NE(arguments.str().find("kafka.ssl.key.password=*******"), std::string::npos) << arguments.str();
  EXPECT_EQ(arguments.str().find("hunter"), std::string::npos);
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60s), 0);
  EXPECT_EQ(process->output().find("hunter"), std::string::npos) << process->output();
}

// The store of live options is the first connection, and sends a byte now and then.
TEST_F(ProcessTest, ARedisThatTricklesHoldsNeitherTheStartNorTheStop) {
  std::atomic<int> asked{0};
  testkit::LoopbackServer trickling([&](testkit::Fd connection, const testkit::StopFlag& stop) {
    ++asked;
    while (testkit::send_all(connection, stop, "$")) std::this_thread::sleep_for(50ms);
  });
  options = "--runtime-config redis://127.0.0.1:" + std::to_string(trickling.port()) + "/0";
  start("", "");
  ASSERT_TRUE(eventually(60s, [&] { return asked > 0; }));
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60s), 0);
  std::filesystem::remove(folder.path("health"));
  start("", "");
  EXPECT_TRUE(lives());
}

// Nothing has to be finished yet: the first signal ends the process in any state.
TEST_F(ProcessTest, ASignalDuringTheStartEndsIt) {
  std::atomic<int> asked{0};
  testkit::LoopbackServer silent([&](testkit::Fd connection, const testkit::StopFlag& stop) {
    ++asked;
    testkit::wait_for_end(connection, stop);
  });
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  process = std::make_unique<ChildProcess>(
      std::vector<std::string>{testkit::freshet_program(), "check", "--bootstrap-server", address, "--topic", "t",
                               "--consumer-group", "g", "--clickhouse-url", "http://" + address, "--table", "t"},
      folder.path("out"));
  ASSERT_TRUE(eventually(60s, [&] { return asked > 0; }));
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60s), 1);
  EXPECT_EQ(process->output().find("FAILED"), std::string::npos) << process->output();

  const std::string reads = folder.path("reads");
  std::ofstream(folder.path("settings.py")) << "import time\nopen('" << reads << "', 'w')\ntime.sleep(1000)\n";
  const std::string script = "SNUBA_SETTINGS='" + folder.path("settings.py") + "' exec '" + testkit::freshet_program() +
                             "' rust-consumer --storage errors --consumer-group g";
  process = std::make_unique<ChildProcess>(std::vector<std::string>{"bash", "-c", script}, folder.path("out"));
  ASSERT_TRUE(eventually(60s, [&] { return std::filesystem::exists(reads); }));
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
