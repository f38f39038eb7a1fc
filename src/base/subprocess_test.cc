#include "base/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

namespace freshet {
namespace {

struct SubprocessTest : testing::Test {
  SubprocessTest() {
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    plan.environment = {"PATH=/usr/bin:/bin", "ONLY=this"};
    plan.descriptors = {{0, kNullDevice}, {1, ends[1]}, {2, kNullDevice}};
  }
  ~SubprocessTest() override { close(ends[0]); }
  // All output, until the end of the pipe.
  std::string run(const std::string& script) {
    plan.words = {"sh", "-c", script};
    auto child = Subprocess::start(plan);
    EXPECT_TRUE(child) << child.error().text;
    close(ends[1]);
    const std::string out = all();
    status = child->wait();
    return out;
  }
  std::string all() const {
    std::string out;
    std::array<char, 4096> bytes;
    for (ssize_t got = 0; (got = read(ends[0], bytes.data(), bytes.size())) > 0;) out.append(bytes.data(), got);
    return out;
  }

  std::array<int, 2> ends{};
  SubprocessPlan plan;
  int status = -1;
};

TEST_F(SubprocessTest, HasItsEnvironmentAndDescriptorsAndNoOthers) {
  const int inherited = open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as libraries may do
  EXPECT_EQ(run("echo $ONLY $HOME; exec ls /proc/self/fd"), "this\n0\n1\n2\n3\n");  // 3: the directory that it lists
  EXPECT_EQ(status, 0);
  close(inherited);
}

TEST_F(SubprocessTest, DescriptorsMayTakeEachOthersNumbers) {
  const int read_end = ends[0];
  plan.descriptors = {{1, ends[1]}, {read_end, ends[1]}, {ends[1], kNullDevice}};
  EXPECT_EQ(run("echo one; echo two >&" + std::to_string(read_end)), "one\ntwo\n");
}

TEST_F(SubprocessTest, BlocksNoSignalThoughItsParentDoes) {
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, &before);
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(run("exec grep -E '^Sig(Blk|Ign)' /proc/self/status"),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(SubprocessTest, EndsWithItsParent) {
  const pid_t parent = fork();
  if (parent == 0) {
    plan.words = {"sh", "-c", "echo started; exec sleep 1000"};
    const auto child = Subprocess::start(plan);
    while (true) pause();
  }
  close(ends[1]);
  std::array<char, 8> started{};
  ASSERT_EQ(read(ends[0], started.data(), started.size()), 8);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_EQ(all(), "");  // end of the pipe: no process is left that could write
}

TEST_F(SubprocessTest, TakesItsOwnChildrenAlong) {
  {
    plan.words = {"sh", "-c", "sleep 1000 & echo started; wait"};
    const auto child = Subprocess::start(plan);
    close(ends[1]);
    std::array<char, 8> started{};
    ASSERT_EQ(read(ends[0], started.data(), started.size()), 8);
  }
  EXPECT_EQ(all(), "");
}

// A daemon in its own session, without a parent.
TEST_F(SubprocessTest, TakesItsDaemonsAlong) {
  {
    plan.words = {"sh", "-c", "setsid -f sh -c 'echo started; exec sleep 1000'; exec sleep 1000"};
    const auto child = Subprocess::start(plan);
    close(ends[1]);
    std::array<char, 8> started{};
    ASSERT_EQ(read(ends[0], started.data(), started.size()), 8);
  }
  EXPECT_EQ(all(), "");
}

TEST_F(SubprocessTest, WhatCannotBeStartedIsAnError) {
  plan.words = {"no-such-program-anywhere"};
  const auto child = Subprocess::start(plan);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ENOENT);
  close(ends[1]);
}

TEST_F(SubprocessTest, TellsItsStatusOrItsSignal) {
  run("exit 7");
  EXPECT_EQ(status, 7);
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  plan.descriptors[1] = ends[1];
  run("kill -TERM $$");
  EXPECT_EQ(status, 128 + SIGTERM);
}

TEST_F(SubprocessTest, HasNoMoreMemoryThanItMay) {
  plan.memory_limit = 64 << 20;
  EXPECT_EQ(run("ulimit -d; ulimit -c"), "65536\n0\n");
}

}  // namespace
}  // namespace freshet
