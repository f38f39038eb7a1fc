// Thousands of renewals: `./dev soak renewal`. FRESHET_SOAK_RENEWALS (default 10000) sets the number.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "../integration/group_state.h"
#include "../integration/slow_coordinator.h"
#include "kafka/kafka_source.h"
#include "testkit/freshet_process.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::GroupMember;
using testkit::Pauses;

constexpr int kPartitions = 6;

int rounds() {
  const char* value = std::getenv("FRESHET_SOAK_RENEWALS");
  return value != nullptr ? std::atoi(value) : 10'000;
}

// FRESHET_DEV_SOAK_STOPS (200).
int stops() {
  const char* value = std::getenv("FRESHET_DEV_SOAK_STOPS");
  return value != nullptr ? std::atoi(value) : 200;
}

struct Used {
  size_t threads = 0;
  size_t files = 0;
  size_t resident_kb = 0;
  size_t allocated_kb = 0;  // used by the program; the allocator keeps the rest
  std::string text() const {
    return fmt::format("{} threads, {} files, {} KiB allocated, {} MiB resident", threads, files, allocated_kb,
                       resident_kb / 1024);
  }
};

size_t entries(const char* folder) {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

Used used() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  const struct mallinfo2 heap = mallinfo2();
  return {entries("/proc/self/task"), entries("/proc/self/fd"), resident * 4, (heap.uordblks + heap.hblkhd) / 1024};
}

struct RenewalSoak : testing::Test {
  RenewalSoak()
      : kafka(std::map<std::string, std::string>{{"group.initial.rebalance.delay.ms", "100"}}),
        client(kafka.bootstrap()) {
    client.create_topic("events", kPartitions);
    clickhouse.query("CREATE TABLE events (id UInt64) ENGINE = MergeTree ORDER BY id");
  }
  std::unique_ptr<GroupMember> member() const {
    return std::make_unique<GroupMember>(testkit::member_args(kafka, clickhouse.url(), "events"));
  }
  bool owns_all(const GroupMember& member) const { return member.status().partitions.size() == kPartitions; }
  uint64_t rows() { return clickhouse.count("SELECT count() FROM events"); }
  uint64_t different() { return clickhouse.count("SELECT uniqExact(id) FROM events"); }
  void expect_all_once(uint64_t produced) {
    EXPECT_TRUE(testkit::eventually(120s, [&] { return different() >= produced; }));
    EXPECT_EQ(rows(), produced);
    EXPECT_EQ(different(), produced);
  }

  testkit::KafkaServer kafka;
  testkit::LocalClickHouse clickhouse;
  testkit::KafkaClient client;
};

TEST_F(RenewalSoak, ThreeMembersRenewEveryTwoSecondsForTwoMinutes) {
  std::vector<std::unique_ptr<GroupMember>> members;
  for (int i = 0; i < 3; ++i) members.push_back(member());
  const auto balanced = [&] {
    return std::all_of(members.begin(), members.end(), [](auto& m) { return m->status().partitions.size() == 2; });
  };
  ASSERT_TRUE(testkit::eventually(60s, balanced));
  testkit::Load load(kafka, "events", kPartitions, 500us);
  std::vector<uint64_t> rebalances;
  for (const auto& one : members) rebalances.push_back(one->status().rebalances);
  Pauses pauses;
  int renewals = 0;
  const auto until = std::chrono::steady_clock::now() + 120s;
  for (auto next = std::chrono::steady_clock::now(); next < until; next += 2s) {
    std::this_thread::sleep_until(next);
    for (const auto& one : members) {
      const auto report = one->renew();
      ASSERT_TRUE(report && report->result == RenewalResult::Renewed) << one->log();
      EXPECT_TRUE(report->generation_kept && report->assignment_kept);
      pauses.add(*report);
      ++renewals;
    }
  }
  const uint64_t produced = load.stop();
  for (size_t i = 0; i < members.size(); ++i) EXPECT_EQ(members[i]->status().rebalances, rebalances[i]);
  expect_all_once(produced);
  std::cout << fmt::format("{} messages, {} renewals, no rebalance\n{}\n", produced, renewals, pauses.text());
}

// The fields of each line `event` of a process's log, by name.
std::vector<std::map<std::string, std::string>> logged(const testkit::FreshetProcess& process,
                                                       const std::string& event) {
  std::vector<std::map<std::string, std::string>> found;
  std::istringstream lines(process.output());
  for (std::string line; std::getline(lines, line);) {
    if (line.find(event) == std::string::npos) continue;
    std::istringstream words(line);
    auto& fields = found.emplace_back();
    for (std::string word; words >> word;) {
      const size_t at = word.find('=');
      if (at != std::string::npos) fields[word.substr(0, at)] = word.substr(at + 1);
    }
  }
  return found;
}

// As an operator does it: three processes; renewal is enabled in Redis while they run. FRESHET_DEV_SOAK_MINUTES (10).
TEST_F(RenewalSoak, ThreeProcessesRenewEveryFiveSecondsSwitchedOnInRedis) {
  testkit::RedisServer redis;
  const auto args = testkit::member_args(kafka, clickhouse.url(), "events",
                                         {"--runtime-config", fmt::format("redis://127.0.0.1:{}/1", redis.port())});
  std::vector<std::unique_ptr<testkit::FreshetProcess>> members;
  for (int i = 0; i < 3; ++i) {
    auto run = args;
    run.insert(run.begin(), "run");
    members.push_back(std::make_unique<testkit::FreshetProcess>(run));
  }
  const auto assignments = [&](const auto& member) { return logged(*member, "partitions_assigned").size(); };
  ASSERT_TRUE(testkit::eventually(60s, [&] {
    return std::all_of(members.begin(), members.end(), [&](const auto& m) { return assignments(m) > 0; });
  })) << members[0]->output();
  const auto generation = [&](const auto& member) {
    return logged(*member, "partitions_assigned").back().at("generation");
  };
  const testkit::GroupWatch coordinator(kafka.bootstrap(), "events");
  ASSERT_TRUE(testkit::eventually(60s, [&] {
    return coordinator.members_at_rest() == 3 && generation(members[0]) == generation(members[1]) &&
           generation(members[0]) == generation(members[2]);
  })) << members[0]->output();
  const auto revocations = [&](const auto& member) { return logged(*member, "partitions_revoked").size(); };
  const std::string before = generation(members[0]);
  std::vector<size_t> revoked;
  for (const auto& one : members) revoked.push_back(revocations(one));
  testkit::Load load(kafka, "events", kPartitions, 500us);
  redis.set("snuba-config", "kafka_consumer_periodic_restart_interval_secs__events", "5");
  redis.set("snuba-config", "kafka_consumer_periodic_restart__events", "1");
  const char* minutes = std::getenv("FRESHET_DEV_SOAK_MINUTES");
  std::this_thread::sleep_for(std::chrono::minutes(minutes != nullptr ? std::atoi(minutes) : 10));
  redis.set("snuba-config", "kafka_consumer_periodic_restart__events", "0");
  const uint64_t produced = load.stop();
  expect_all_once(produced);
  std::vector<double> pauses;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto renewals = logged(*members[i], "renewal_ended");
    for (const auto& one : renewals) {
      EXPECT_EQ(one.at("result"), "renewed");
      EXPECT_EQ(one.at("generation_kept"), "true");
      EXPECT_EQ(one.at("assignment_kept"), "true");
      pauses.push_back(std::stod(one.at("pause_ms")));
    }
    std::cout << fmt::format("member {}: {} renewals, {} failed\n", i, renewals.size(),
                             logged(*members[i], "renewal_failed").size());
    EXPECT_EQ(generation(members[i]), before);
    EXPECT_EQ(revocations(members[i]), revoked[i]) << members[i]->output();
    EXPECT_EQ(members[i]->stop(), 0);
  }
  std::sort(pauses.begin(), pauses.end());
  ASSERT_FALSE(pauses.empty());
  const auto at = [&](double share) {
    return pauses[static_cast<size_t>(share * static_cast<double>(pauses.size() - 1))];
  };
  std::cout << fmt::format("{} messages, each stored once; pauses p50 {:.1f}, p99 {:.1f}, max {:.1f} ms\n", produced,
                           at(0.5), at(0.99), pauses.back());
}

TEST_F(RenewalSoak, ThousandsOfRenewalsLeaveNothingBehind) {
  const auto one = member();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return owns_all(*one); }));
  testkit::Load load(kafka, "events", kPartitions, 2ms);
  Used first;
  Pauses pauses;
  for (int i = 0; i < rounds(); ++i) {
    const auto report = one->renew();
    ASSERT_TRUE(report && report->result == RenewalResult::Renewed && report->generation_kept) << one->log();
    pauses.add(*report);
    if (i == 200) first = used();
    if (i % 1000 == 200) std::cout << fmt::format("{:>6} renewals: {}\n", i, used().text()) << std::flush;
  }
  Used last;
  EXPECT_TRUE(testkit::eventually(60s, [&] {  // clients may still be closing
    last = used();
    return last.threads <= first.threads + 60 && last.files <= first.files + 60 &&
           last.resident_kb <= first.resident_kb + 16 * 1024 && last.allocated_kb <= first.allocated_kb + 4 * 1024;
  })) << "something is kept that nobody needs";
  std::cout << fmt::format("{:>6} renewals: {}\n{}\n", rounds(), last.text(), pauses.text());
  EXPECT_EQ(one->status().rebalances, 1u);
  expect_all_once(load.stop());
}

TEST_F(RenewalSoak, ThousandsOfClientsAreBuiltAndDestroyed) {
  RealClock clock;
  Metrics metrics;
  kafka::Reaper reaper(metrics);
  kafka::KafkaSettings settings;
  settings.connection.bootstrap_servers = kafka.bootstrap();
  settings.topic = "events";
  settings.consumer_group = "handles";
  kafka::Identity identity(settings, null_log());
  const kafka::ConsumerContext context{clock, null_log(), metrics, reaper, identity};
  Used first;
  for (int i = 0; i < rounds(); ++i) {
    {
      const auto source = kafka::open_source(settings, context);
      ASSERT_TRUE(source);
      std::vector<SourceEvent> events;
      (*source)->poll(std::chrono::milliseconds(i % 10), {100}, events);  // at any moment of connecting and joining
    }
    ASSERT_TRUE(reaper.wait_idle(clock, clock.steady_now() + 20s));
    if (i == 200) first = used();
    if (i % 1000 == 200) std::cout << fmt::format("{:>6} clients: {}\n", i, used().text()) << std::flush;
  }
  const Used last = used();
  std::cout << fmt::format("{:>6} clients: {}\n", rounds(), last.text());
  EXPECT_LE(last.threads, first.threads + 8);
  EXPECT_LE(last.files, first.files + 8);
  EXPECT_LE(last.resident_kb, first.resident_kb + 64 * 1024);
}

TEST_F(RenewalSoak, ACoordinatorThatAnswersLateCostsNoRowTwice) {
  using Where = testkit::KafkaFault::Where;
  const auto proxy_port = testkit::free_port();
  const auto proxied_port = testkit::free_port();
  const testkit::KafkaServer slow({}, {{"PROXIED", "PLAINTEXT", proxied_port, proxy_port}});
  testkit::KafkaProxy proxy(static_cast<uint16_t>(proxy_port), static_cast<uint16_t>(proxied_port));
  testkit::KafkaClient(slow.bootstrap()).create_topic("events", kPartitions);
  auto args = testkit::member_args(slow, clickhouse.url(), "events");
  args[1] = fmt::format("127.0.0.1:{}", proxy_port);
  GroupMember one(args);
  ASSERT_TRUE(testkit::eventually(60s, [&] { return owns_all(one); })) << one.log();
  testkit::Load load(slow, "events", kPartitions, 1ms);
  for (const auto by : {5s, 10s, 20s}) {
    for (const Where where : {Where::Request, Where::Answer}) {
      testkit::expect_short_pause(one, proxy, {{testkit::KafkaApi::JoinGroup}, where, by});
      testkit::expect_short_pause(one, proxy, {testkit::kCoordinatorApis, where, by});
    }
  }
  expect_all_once(load.stop());
}

TEST_F(RenewalSoak, AStopAtAnyMomentTwoHundredTimes) {
  testkit::Load load(kafka, "events", kPartitions, 500us);
  const auto result = testkit::terminate_while_renewing(testkit::member_args(kafka, clickhouse.url(), "events"),
                                                        stops(), std::chrono::seconds(40));
  const uint64_t produced = load.stop();
  const auto last = member();
  expect_all_once(produced);
  std::cout << fmt::format("{} messages, {}\n", produced, result.text());
}

}  // namespace
}  // namespace freshet
