#include "telemetry/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "base/clock.h"
#include "telemetry/log_backend.h"
#include "testkit/child_process.h"
#include "testkit/socket.h"

namespace freshet::telemetry {
namespace {

struct Busy {
  static constexpr LogEvent kEvent{LogLevel::Info, "busy", "There is much to say."};
  std::string text;
  auto fields() const { return log_fields(LogField("text", text)); }
};

using testkit::eventually;
using testkit::Fd;

struct Ends {
  Fd read;
  Fd write;
};

Ends open_pipe() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

Ends open_sockets() {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

// Reads what is available without waiting.
std::string read_some(const Fd& fd) {
  std::string text(1 << 20, '\0');
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  const ssize_t got = read(fd.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

std::string line(int number) { return std::to_string(number) + std::string(1000, '.') + "\n"; }

struct LineWriterTest : testing::TestWithParam<Ends (*)()> {
  LineWriterTest() { std::signal(SIGPIPE, SIG_IGN); }
};

TEST_P(LineWriterTest, AReaderThatStandsStillHoldsNobodyAndGetsWholeLinesLater) {
  const Ends ends = GetParam()();
  LineWriter lines(ends.write.get());
  constexpr int kLines = 5000;
  for (int i = 0; i < kLines; ++i) lines.write(line(i));
  EXPECT_GT(lines.dropped(), 1000u);
  EXPECT_TRUE(lines.behind());
  EXPECT_EQ(fcntl(ends.write.get(), F_GETFL) & O_NONBLOCK, 0);  // other processes may share the flags
  std::string read;
  ASSERT_TRUE(eventually(std::chrono::seconds(60), [&] {
    read += read_some(ends.read);
    return !lines.behind();
  }));
  read += read_some(ends.read);
  std::istringstream all(read);
  uint64_t whole = 0;
  for (std::string one; std::getline(all, one);) EXPECT_EQ(one + "\n", line(static_cast<int>(whole++)));
  EXPECT_EQ(whole + lines.dropped(), static_cast<uint64_t>(kLines));
  lines.write("the next\n");
  EXPECT_EQ(read_some(ends.read), "the next\n");
}

TEST_P(LineWriterTest, AReaderThatIsGoneIsNoTrouble) {
  Ends ends = GetParam()();
  LineWriter lines(ends.write.get());
  ends.read.reset();
  for (int i = 0; i < 10; ++i) lines.write(line(i));
  EXPECT_EQ(lines.dropped(), 10u);
}

TEST_P(LineWriterTest, TheEndWaitsASecondAtMost) {
  const Ends ends = GetParam()();
  const auto started = std::chrono::steady_clock::now();
  {
    LineWriter lines(ends.write.get());
    for (int i = 0; i < 2000; ++i) lines.write(line(i));
    EXPECT_TRUE(lines.behind());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(30));
}

INSTANTIATE_TEST_SUITE_P(Readers, LineWriterTest, testing::Values(&open_pipe, &open_sockets));

TEST(LogPipeTest, SaysHowManyLinesWereMissed) {
  const Ends ends = open_pipe();
  const Fd before(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  dup2(ends.write.get(), STDERR_FILENO);
  RealClock clock;
  Metrics metrics;
  std::string read;
  {
    LogBackend log({}, clock);
    log.count_dropped(metrics);
    for (int i = 0; i < 3000; ++i) log.emit(Busy{line(i)});
    EXPECT_TRUE(eventually(std::chrono::seconds(60), [&] {
      read += read_some(ends.read);
      log.emit(Busy{"going on"});
      return read.find("log_lines_dropped") != std::string::npos;
    }));
  }
  dup2(before.get(), STDERR_FILENO);
  EXPECT_GT(metrics.counter("freshet_log_lines_dropped_total", "").value(), 1000u);
}

}  // namespace
}  // namespace freshet::telemetry
