// A million messages, a hundred malformed ones and ten that the table rejects, with an outage of ClickHouse in the
// middle. The table of the current server deduplicates by insert token, so the counts are exact even if an answer was
// lost.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kMessages = 1'000'000;

TEST(MillionTest, ExactlyTheGoodRowsAndExactlyTheDeadLetters) {
  testkit::KafkaServer kafka;
  testkit::LocalClickHouse clickhouse;
  testkit::KafkaClient client(kafka.bootstrap());
  client.create_topic("events", 8);
  client.create_topic("dead", 1);
  clickhouse.query(
      "CREATE TABLE events (id UInt64, at DateTime, name String) ENGINE = MergeTree ORDER BY id "
      "SETTINGS non_replicated_deduplication_window = 10000");
  testkit::FreshetProcess freshet({"run", "--bootstrap-server", kafka.bootstrap(), "--topic", "events",
                                   "--consumer-group", "g", "--clickhouse-url", clickhouse.url(), "--table",
                                   "default.events", "--dead-letter-topic", "dead"});
  for (uint64_t id = 0; id < kMessages; ++id) {
    std::string value = fmt::format(R"({{"id":{},"at":{},"name":"event {}"}})", id, 1'790'000'000 + id, id);
    if (id % 10'000 == 77) value.resize(value.size() / 2);
    if (id % 100'000 == 99'123) value = fmt::format(R"({{"id":{},"at":"no time","name":"x"}})", id);
    client.produce("events", {-1, -1, std::nullopt, value, {}, 0});
    if (id == kMessages / 2) {
      clickhouse.kill();  // with inserts in flight: some are stored and their answers lost
    }
  }
  client.flush();
  clickhouse.start();
  const uint64_t good = kMessages - 110;
  EXPECT_TRUE(testkit::eventually(180s, [&] {
    return clickhouse.count("SELECT count() FROM events") >= good && client.count("dead") >= 110;
  })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(clickhouse.count("SELECT count() FROM events"), good);
  EXPECT_EQ(clickhouse.count("SELECT uniqExact(id) FROM events"), good);
  int malformed = 0;
  int refused = 0;
  for (const testkit::Record& dead_letter : client.read_all("dead")) {
    for (const auto& [name, value] : dead_letter.headers) {
      if (name != "reason") continue;
      malformed += value.starts_with("invalid JSON at byte") ? 1 : 0;
      refused += value.starts_with("ClickHouse rejects the row") ? 1 : 0;
    }
  }
  EXPECT_EQ(malformed, 100);
  EXPECT_EQ(refused, 10);
}

}  // namespace
}  // namespace freshet
