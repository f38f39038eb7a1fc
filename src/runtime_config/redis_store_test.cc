// Servers that are not Redis, or that misbehave.
#include "runtime_config/redis_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "runtime_config/redis_reply.h"
#include "testkit/socket.h"

namespace freshet::runtime_config {
namespace {

using testkit::Fd;
using testkit::LoopbackServer;
using testkit::StopFlag;

// Answers each command with `reply`: byte by byte if `slowly`, the last one repeatedly if `endless`.
struct HostileServer {
  HostileServer(std::string answer, bool is_slow = false, bool is_endless = false)
      : reply(std::move(answer)), slowly(is_slow), endless(is_endless) {}

  void serve(Fd fd, const StopFlag& stop) {
    std::string asked;
    while (testkit::receive(fd, stop, asked)) {
      if (asked.find("\r\nSELECT\r\n") != std::string::npos) {
        testkit::send_all(fd, stop, "+OK\r\n");
        asked.clear();
        continue;
      }
      asked.clear();
      ++questions;
      if (!slowly) testkit::send_all(fd, stop, reply);
      for (size_t i = 0; slowly && i < reply.size() && testkit::send_all(fd, stop, reply.substr(i, 1)); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      while (endless && testkit::send_all(fd, stop, reply)) {
      }
    }
  }

  const std::string reply;
  const bool slowly;
  const bool endless;
  std::atomic<int> questions{0};
  LoopbackServer server{[this](Fd fd, const StopFlag& stop) { serve(std::move(fd), stop); }};
};

std::unique_ptr<OptionSource> store_at(const HostileServer& at) {
  return open_redis_store({"localhost", at.server.port(), 0, "", ""}, "hash");
}

std::string error_from(const std::string& reply, bool slowly = false, bool endless = false) {
  const HostileServer hostile(reply, slowly, endless);
  const auto read = store_at(hostile)->read();
  return read ? "read" : read.error().text;
}

TEST(RedisStoreTest, ReadsAHash) {
  const HostileServer good("*4\r\n$1\r\na\r\n$2\r\n10\r\n$1\r\nb\r\n$0\r\n\r\n");
  const auto store = store_at(good);
  EXPECT_EQ(store->read().value(), (RawOptions{{"a", "10"}, {"b", ""}}));
  EXPECT_EQ(store->read().value().size(), 2u);
}

TEST(RedisStoreTest, WhoTricklesIsLeftInTime) {
  const auto started = std::chrono::steady_clock::now();
  const std::string text = error_from("*1000\r\n" + std::string(3000, '$'), true);
  EXPECT_NE(text.find("no whole answer in time"), std::string::npos) << text;
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(30));
}

TEST(RedisStoreTest, AStopEndsTheWait) {
  HostileServer silent("");
  const auto store = store_at(silent);
  std::jthread stopper([&] {
    while (silent.questions == 0) std::this_thread::yield();
    store->interrupt();
  });
  const auto read = store->read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::Stopping) << read.error().text;
  EXPECT_EQ(store->read().error().kind, ErrorKind::Stopping);
}

TEST(RedisStoreTest, WhatIsTooMuchIsRefusedAndTakesNoMemory) {
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "*1\r\n";
  for (const std::string& much : {std::string("$2000000000\r\n"), std::string("*1000000000\r\n"), deep}) {
    const std::string text = error_from(much, false, true);
    EXPECT_NE(text.find("larger than"), std::string::npos) << much.substr(0, 20) << ": " << text;
  }
  std::string many = "*1300000\r\n";
  for (int i = 0; i < 700'000; ++i) many += "$1\r\nx\r\n";
  const std::string text = error_from(many);
  EXPECT_NE(text.find("larger than"), std::string::npos) << text;
  EXPECT_NE(error_from(std::string(8192, '+'), false, true).find("is not Redis"), std::string::npos);
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 256 << 10);  // KiB
}

TEST(RedisStoreTest, WhatIsNoRedisIsCalledSo) {
  for (const char* reply : {"HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "%1\r\n+a\r\n+b\r\n", "$-2\r\n", "$x\r\n",
                            "*\r\n", "$1\r\nabc", "*99999999999999999999\r\n", "\x15\x03\x01\r\n"}) {
    const std::string text = error_from(reply);
    EXPECT_NE(text.find("is not Redis"), std::string::npos) << reply << ": " << text;
  }
  EXPECT_NE(error_from("$-1\r\n").find("the key is not a hash"), std::string::npos);
  EXPECT_NE(error_from("-ERR no\r\n").find("ERR no"), std::string::npos);
}

// Each node names the other as the owner of the hash.
TEST(RedisStoreTest, AClusterThatLeadsInCirclesIsLeft) {
  LoopbackServer circle([&](Fd fd, const StopFlag& stop) {
    for (std::string asked; testkit::receive(fd, stop, asked); asked.clear()) {
      const bool select = asked.find("SELECT") != std::string::npos;
      testkit::send_all(fd, stop, select ? "+OK\r\n" : "-MOVED 1 :" + std::to_string(circle.port()) + "\r\n");
    }
  });
  const auto read = open_redis_store({"127.0.0.1", circle.port(), 0, "", ""}, "hash")->read();
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().text.find("MOVED"), std::string::npos) << read.error().text;
}

}  // namespace
}  // namespace freshet::runtime_config
