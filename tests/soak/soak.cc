// Long runs with real servers and faults; prints its measurements. `./dev soak`.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <iostream>
#include <random>
#include <thread>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct SoakTest : testing::Test {
  SoakTest() : client(kafka.bootstrap()) {
    client.create_topic("events", 8);
    client.create_topic("dead", 1);
    clickhouse.query(
        "CREATE TABLE events (id UInt64, name String) ENGINE = MergeTree ORDER BY id "
        "SETTINGS non_replicated_deduplication_window = 10000");
  }
  std::unique_ptr<testkit::FreshetProcess> member() const {
    return std::make_unique<testkit::FreshetProcess>(std::vector<std::string>{
        "run", "--bootstrap-server", kafka.bootstrap(), "--topic", "events", "--consumer-group", "g",
        "--clickhouse-url", clickhouse.url(), "--table", "default.events", "--dead-letter-topic", "dead",
        "--max-batch-time-ms", "500", "--set", "kafka.session.timeout.ms=6000"});
  }
  void produce(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i, ++next) {
      std::string value = fmt::format(R"({{"id":{},"name":"event {}"}})", next, next);
      if (next % 1000 == 999) value = "broken";
      client.produce("events", {-1, -1, std::nullopt, value, {}, 0});
    }
    client.flush();
  }
  uint64_t bad() const { return next / 1000; }
  uint64_t rows() const { return clickhouse.count("SELECT count() FROM events"); }
  uint64_t distinct() const { return clickhouse.count("SELECT uniqExact(id) FROM events"); }

  testkit::KafkaServer kafka;
  testkit::LocalClickHouse clickhouse;
  testkit::KafkaClient client;
  uint64_t next = 0;
};

TEST_F(SoakTest, ClickHouseIsAwayForTwoMinutes) {
  const auto freshet = member();
  produce(500'000);
  clickhouse.kill();
  const auto until = std::chrono::steady_clock::now() + 120s;
  while (std::chrono::steady_clock::now() < until) {
    produce(5'000);
    std::this_thread::sleep_for(1s);
  }
  clickhouse.start();
  EXPECT_TRUE(testkit::eventually(180s, [&] { return rows() >= next - bad(); })) << freshet->output();
  EXPECT_EQ(freshet->stop(), 0) << freshet->output();
  EXPECT_EQ(rows(), next - bad());
  EXPECT_EQ(distinct(), next - bad());
  EXPECT_EQ(client.count("dead"), static_cast<int64_t>(bad()));
  std::cout << fmt::format("{} messages, {} rows, {} dead letters\n", next, rows(), client.count("dead"));
}

TEST_F(SoakTest, MembersAreKilledAgainAndAgain) {
  std::mt19937 random(1);
  std::vector<std::unique_ptr<testkit::FreshetProcess>> members;
  for (int i = 0; i < 2; ++i) members.push_back(member());
  for (int round = 0; round < 12; ++round) {
    produce(30'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(500 + random() % 3000));
    auto& victim = members[random() % members.size()];
    victim->process().signal(SIGKILL);
    victim = member();
  }
  EXPECT_TRUE(testkit::eventually(180s, [&] { return distinct() >= next - bad(); })) << members[0]->output();
  for (const auto& one : members) EXPECT_EQ(one->stop(), 0);
  EXPECT_EQ(distinct(), next - bad());
  std::cout << fmt::format("{} messages, 12 kills: {} rows repeated, {} dead letters repeated\n", next,
                           rows() - distinct(), client.count("dead") - static_cast<int64_t>(bad()));
}

}  // namespace
}  // namespace freshet
