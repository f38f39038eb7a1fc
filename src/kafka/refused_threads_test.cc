// The system refuses new threads while the process runs: the process survives, and refused work is retried.
#include <gtest/gtest.h>

#include <filesystem>

#include "kafka/client_config.h"
#include "kafka/reaper.h"
#include "kafka/start_look_up.h"
#include "kafka/successor.h"
#include "testkit/child_process.h"
#include "testkit/no_more_threads.h"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using testkit::NoMoreThreads;

KafkaSettings unreachable_broker() {
  KafkaSettings s;
  s.connection.bootstrap_servers = "127.0.0.1:1";
  s.topic = "t";
  s.consumer_group = "g";
  return s;
}

class RefusedThreadsTest : public testing::Test {
 protected:
  RealClock clock_;
  Metrics metrics_;
  Reaper reaper_{metrics_};
  Identity identity_{unreachable_broker(), null_log()};
  ConsumerContext context_{clock_, null_log(), metrics_, reaper_, identity_};
};

TEST_F(RefusedThreadsTest, ARenewalFailsWithTheReasonAndMayBeTriedAgain) {
  {
    const NoMoreThreads limit;
    const auto refused = open_successor(unreachable_broker(), context_, Membership(), [] {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Renew);
    EXPECT_NE(refused.error().text.find("ulimit -u"), std::string::npos) << refused.error().text;
    EXPECT_FALSE(open_source(unreachable_broker(), context_)) << "nor is a consumer built anew";
  }
  EXPECT_TRUE(open_successor(unreachable_broker(), context_, Membership(), [] {}));
  EXPECT_TRUE(reaper_.wait_idle(clock_, clock_.steady_now() + 60s));
}

TEST_F(RefusedThreadsTest, WhatIsParkedIsDestroyedByTheThreadThatThereIs) {
  struct Counted final : PendingDestruction {
    explicit Counted(std::atomic<int>& n) : destroyed(n) {}
    ~Counted() override { ++destroyed; }
    std::atomic<int>& destroyed;
  };
  std::atomic<int> destroyed = 0;
  {
    const NoMoreThreads limit;
    for (int i = 0; i < 5; ++i) reaper_.add(std::make_unique<Counted>(destroyed));
  }
  EXPECT_TRUE(reaper_.wait_idle(clock_, clock_.steady_now() + 60s));
  EXPECT_EQ(destroyed, 5);
}

TEST_F(RefusedThreadsTest, AnAssignmentIsLookedUpOnceThereIsRoom) {
  auto conf = consumer_conf(unreachable_broker(), "", null_log());
  ASSERT_TRUE(conf);
  const auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  ASSERT_TRUE(client);
  const KafkaSettings s = unreachable_broker();
  GroupRequests requests;
  StartLookUp look_up(client->get(), requests, s, clock_, [] {});
  {
    const NoMoreThreads limit;
    look_up.begin({Partition{0}}, StartLookUpFor::Assignment);
    const auto answers = look_up.take();
    ASSERT_EQ(answers.size(), 1u);
    ASSERT_TRUE(std::holds_alternative<Error>(answers[0]));
    EXPECT_NE(std::get<Error>(answers[0]).text.find("thread"), std::string::npos);
    EXPECT_TRUE(look_up.under_way()) << "it is not lost";
  }
  const auto threads = [] {
    int n = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/task")) ++n;
    return n;
  };
  const int before = threads();
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    look_up.take();
    return threads() > before;
  }));
}

}  // namespace
}  // namespace freshet::kafka
