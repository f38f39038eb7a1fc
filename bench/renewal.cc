// Measures the cost of a renewal for a group of three members under the same load: with static membership, with leave
// and rejoin, and with the KIP-848 group protocol if librdkafka supports it. Run it with `./dev bench renewal`.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "../tests/integration/group_member.h"

namespace {

using namespace freshet;
using namespace std::chrono_literals;

constexpr int kPartitions = 6;

struct Way {
  const char* name;
  std::vector<std::string> settings;
  bool own_ids = false;  // each member has an id that its operator gave it
};

void measure(const Way& way, const testkit::KafkaServer& kafka, const testkit::LocalClickHouse& clickhouse,
             int renewals) {
  static int number = 0;
  const std::string topic = fmt::format("way{}", ++number);
  testkit::KafkaClient(kafka.bootstrap()).create_topic(topic, kPartitions);
  clickhouse.query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  std::vector<std::unique_ptr<testkit::GroupMember>> members;
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> settings = way.settings;
    if (way.own_ids) settings.insert(settings.end(), {"--group-instance-id", fmt::format("{}-{}", topic, i)});
    members.push_back(
        std::make_unique<testkit::GroupMember>(testkit::member_args(kafka, clickhouse.url(), topic, settings)));
  }
  const auto balanced = [&] {
    return std::all_of(members.begin(), members.end(), [](auto& m) { return m->status().partitions.size() == 2; });
  };
  if (!testkit::eventually(120s, balanced)) throw std::runtime_error("the group does not settle");
  testkit::Load load(kafka, topic, kPartitions, 1ms);
  std::this_thread::sleep_for(1s);
  const uint64_t before = members[1]->status().rebalances + members[2]->status().rebalances;
  testkit::Pauses pauses;
  for (int i = 0; i < renewals; ++i) {
    const auto report = members[0]->renew(60s);
    if (!report || report->result != RenewalResult::Renewed) throw std::runtime_error(members[0]->log());
    pauses.add(*report);
    std::this_thread::sleep_for(100ms);
    if (!testkit::eventually(60s, balanced)) throw std::runtime_error("the group does not settle");
  }
  const uint64_t after = members[1]->status().rebalances + members[2]->status().rebalances;
  const uint64_t produced = load.stop();
  const std::string different = fmt::format("SELECT uniqExact(id) FROM {}", topic);
  testkit::eventually(60s, [&] { return clickhouse.count(different) >= produced; });
  const uint64_t rows = clickhouse.count(fmt::format("SELECT count() FROM {}", topic));
  std::cout << fmt::format(
                   "{:<34} pause p50 {:>7.1f} ms  p99 {:>7.1f} ms  max {:>7.1f} ms   rebalances of the two others "
                   "{:>5.1f} per renewal   {} of {} rows\n",
                   way.name, pauses.at(0.5), pauses.at(0.99), pauses.at(1),
                   static_cast<double>(after - before) / renewals, rows, produced)
            << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  const int renewals = argc > 1 ? std::atoi(argv[1]) : 20;
  const std::string_view wanted = argc > 2 ? argv[2] : "";
  if (renewals < 1) {
    std::cerr << "usage: freshet-bench-renewal [RENEWALS [PART-OF-A-ROW'S-NAME]]\n";
    return 2;
  }
  try {
    const std::map<std::string, std::string> as_shipped = {{"group.initial.rebalance.delay.ms", "3000"}};
    const testkit::KafkaServer kafka(as_shipped);
    const testkit::LocalClickHouse clickhouse;
    std::vector<Way> ways = {
        {"static, eager (the default)", {}},
        {"static, cooperative-sticky", {"--set", "kafka.partition.assignment.strategy=cooperative-sticky"}},
        {"leave and rejoin, eager", {"--no-static-membership"}},
        {"leave and rejoin, cooperative",
         {"--no-static-membership", "--set", "kafka.partition.assignment.strategy=cooperative-sticky"}},
    };
    if (rd_kafka_version() >= 0x02040000) {
      const std::vector<std::string> consumer = {"--set", "kafka.group.protocol=consumer"};
      ways.push_back({"KIP-848", consumer});
      ways.push_back({"KIP-848 with --group-instance-id", consumer, true});
    }
    for (const Way& way : ways) {
      if (std::string_view(way.name).find(wanted) != std::string_view::npos) measure(way, kafka, clickhouse, renewals);
    }
  } catch (const std::exception& e) {
    std::cerr << "bench: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
