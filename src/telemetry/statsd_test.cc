#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "telemetry/statsd_encoder.h"
#include "telemetry/statsd_sender.h"
#include "telemetry/statsd_transport.h"
#include "testkit/fake_clock.h"

namespace freshet::telemetry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

StatsdSettings settings(bool june = false) {
  StatsdSettings out;
  out.june = june;
  out.tags = {{"storage", "errors"}, {"consumer_group", "g"}};
  return out;
}

std::vector<std::string> lines_of(const std::vector<std::string>& payloads) {
  std::vector<std::string> out;
  for (const std::string& payload : payloads) {
    std::istringstream text(payload);
    for (std::string line; std::getline(text, line);) out.push_back(line);
  }
  return out;
}

struct EncoderTest : testing::Test {
  EncoderTest() { metrics.keep_recent_values(); }
  std::vector<std::string> head(const AssignedPartitions& assigned = std::nullopt) {
    return lines_of(encoder.encode(metrics, assigned));
  }
  Metrics metrics;
  StatsdEncoder encoder{settings(), 1432};
};

constexpr const char* kTags = "|#storage:errors,consumer_group:g,dogstatsd_transport:uds";

TEST_F(EncoderTest, CountersAreWhatCameSinceAndOnceMoreNothing) {
  Counter& rows = metrics.counter("freshet_rows_written_total", "");
  EXPECT_THAT(head(), IsEmpty());
  rows.add(5);
  EXPECT_THAT(head(), ElementsAre(std::string("snuba.consumer.insertions.batch_write_msgs:5|c") + kTags));
  rows.add(2);
  EXPECT_THAT(head(), ElementsAre(std::string("snuba.consumer.insertions.batch_write_msgs:2|c") + kTags));
  EXPECT_THAT(head(), ElementsAre(std::string("snuba.consumer.insertions.batch_write_msgs:0|c") + kTags));
  EXPECT_THAT(head(), IsEmpty());
}

TEST_F(EncoderTest, RenewalsHaveTheReferencesNames) {
  metrics.counter("freshet_periodic_restarts_total", "").add();
  EXPECT_THAT(head(), ElementsAre(HasSubstr("periodic_restart:1|c")));
  metrics.counter("freshet_consumer_reconnects_total", "").add(2);
  EXPECT_THAT(head(), testing::Contains(HasSubstr("consumer_reconnect:2|c")));
}

TEST_F(EncoderTest, ScaledCountersLoseNothing) {
  SecondsCounter& spent = metrics.seconds_counter("freshet_processing_seconds_total", "");
  spent.add(std::chrono::microseconds(900));
  EXPECT_THAT(head(), IsEmpty());
  spent.add(std::chrono::microseconds(200));
  EXPECT_THAT(head(), ElementsAre(HasSubstr("message_processing_time_ms:1|c")));
  spent.add(std::chrono::microseconds(950));
  EXPECT_THAT(head(), ElementsAre(HasSubstr("message_processing_time_ms:1|c")));
}

TEST_F(EncoderTest, GaugesAreRepeatedAsFloats) {
  metrics.gauge("freshet_batch_rows", "").set(5);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(head(), ElementsAre(std::string("snuba.consumer.insertions.batch_flush_msgs:5.0|g") + kTags));
  }
}

TEST_F(EncoderTest, TotalsThatAreGaugesInArroyoAreSentWhole) {
  Counter& errors = metrics.counter("freshet_producer_request_errors_total", "");
  for (const char* total : {"2.0", "4.0"}) {
    errors.add(2);
    EXPECT_THAT(head(), ElementsAre("snuba.consumer.arroyo.producer.librdkafka.broker_txerrs:" + std::string(total) +
                                    "|g" + kTags));
  }
}

TEST_F(EncoderTest, TimersSendEachValueOnce) {
  Histogram& seconds = metrics.histogram("freshet_batch_write_seconds", "", {1}, {{"result", "success"}});
  seconds.observe(0.012);
  seconds.observe(1.5);
  EXPECT_THAT(head(), ElementsAre("snuba.consumer.insertions.batch_write_ms.distribution:12.0:1500.0|d|#success:true,"
                                  "storage:errors,consumer_group:g,dogstatsd_transport:uds"));
  EXPECT_THAT(head(), IsEmpty());
}

TEST_F(EncoderTest, OneMetricMayBeSeveralOfTheirs) {
  for (const char* of : {"broker", "origin", "received"}) {
    for (const char* stat : {"mean", "max"}) {
      metrics.histogram("freshet_batch_latency_seconds", "", {1}, {{"of", of}, {"stat", stat}}).observe(1);
    }
  }
  const auto lines = head();
  EXPECT_EQ(lines.size(), 6u);
  for (const char* name : {"latency_ms", "max_latency_ms", "end_to_end_latency_ms", "max_end_to_end_latency_ms",
                           "sentry_received_latency_ms", "max_sentry_received_latency_ms"}) {
    EXPECT_THAT(lines, Contains(std::string("snuba.consumer.insertions.") + name + ".distribution:1000.0|d" + kTags));
  }
}

TEST_F(EncoderTest, ManyValuesAreSampledAndSaySo) {
  Histogram& tags = metrics.histogram("freshet_generic_metrics_message_tags", "", {1}, {{"metric_type", "counter"}});
  for (int i = 0; i < 5120; ++i) tags.observe(3);
  const auto lines = head();
  size_t values = 0;
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr("generic_metrics.messages.tags_len.distribution:3.0"));
    EXPECT_THAT(line, HasSubstr("|d|@0.100000|#metric_type:counter,"));
    EXPECT_LT(line.size(), 1432u);
    values += static_cast<size_t>(std::count(line.begin(), line.begin() + static_cast<long>(line.find('|')), ':'));
  }
  EXPECT_EQ(values, Histogram::kRecent);
}

TEST_F(EncoderTest, AssignmentsAreTagsAndCounts) {
  metrics.gauge("freshet_batch_rows", "").set(1);
  EXPECT_THAT(head(), Contains(Not(HasSubstr("min_partition"))));
  auto lines = head(std::vector<int32_t>{10, 2});
  EXPECT_THAT(lines, Contains("snuba.consumer.insertions.batch_flush_msgs:1.0|g|#assigned_partitions:2-10,"
                              "min_partition:2,storage:errors,consumer_group:g,dogstatsd_transport:uds"));
  EXPECT_THAT(lines, Contains(HasSubstr("arroyo.consumer.partitions_assigned.count:2|c")));
  lines = head(std::vector<int32_t>{});
  EXPECT_THAT(lines, Contains(HasSubstr("#assigned_partitions:,min_partition:none,")));
  EXPECT_THAT(lines, Contains(HasSubstr("arroyo.consumer.partitions_revoked.count:2|c")));
}

TEST_F(EncoderTest, TagsCannotBreakALine) {
  metrics.counter("freshet_stored_items_total", "", {{"item_type", "a|b,c\nd"}}).add();
  EXPECT_THAT(head(), ElementsAre(HasSubstr("|#item_type:a_b_c_d,storage")));
}

TEST_F(EncoderTest, PayloadsStayBelowTheirLimit) {
  for (int i = 0; i < 200; ++i) {
    metrics.counter("freshet_stored_items_total", "", {{"item_type", "type" + std::to_string(i)}}).add();
  }
  const auto payloads = encoder.encode(metrics, std::nullopt);
  EXPECT_GT(payloads.size(), 5u);
  for (const std::string& payload : payloads) {
    EXPECT_LE(payload.size(), 1432u);
    EXPECT_EQ(payload.back(), '\n');
  }
  EXPECT_EQ(lines_of(payloads).size(), 200u);
}

TEST_F(EncoderTest, TheOlderGenerationsLines) {
  StatsdEncoder june(settings(true), 512);
  metrics.histogram("freshet_batch_write_seconds", "", {1}, {{"result", "success"}}).observe(0.25);
  metrics.histogram("freshet_batch_write_seconds", "", {1}, {{"result", "failed"}}).observe(9);
  metrics.gauge("freshet_batch_rows", "").set(1);
  metrics
      .counter("freshet_insert_failed_attempts_total", "",
               {{"status", "network_error"}, {"timeout", "false"}, {"attempt", "1"}, {"max_attempts", "5"}})
      .add();
  const auto payloads = june.encode(metrics, std::vector<int32_t>{3});
  ASSERT_EQ(payloads.size(), 1u);
  EXPECT_NE(payloads[0].back(), '\n');
  const std::string tags = "assigned_partitions:3,consumer_group:g,min_partition:3,storage:errors";
  EXPECT_THAT(
      lines_of(payloads),
      ElementsAre("snuba.consumer.insertions.batch_write_ms:250|ms|#" + tags,
                  "snuba.consumer.rust_consumer.clickhouse_insert_error:1|c|#status:network_error,retried:true," + tags,
                  "snuba.consumer.arroyo.consumer.partitions_assigned.count:1|c|#" + tags));
}

TEST_F(EncoderTest, TagsAreInTheReferencesWords) {
  const auto own_tags = [this](const char* name, const Labels& labels) {
    metrics.counter(name, "", labels).add();
    const auto lines = head();
    std::string found = "none";
    for (const std::string& line : lines) {
      if (line.find(":1|c|#") != std::string::npos) found = line.substr(15, line.find(",storage:") - 15);
    }
    return found;
  };
  EXPECT_EQ(own_tags("freshet_produced_records_total", {{"producer", "commit_log"}, {"result", "success"}}),
            "arroyo.producer.produce_status:1|c|#status:success,producer_name:commit_log");
  EXPECT_EQ(own_tags("freshet_kafka_errors_total", {{"error", "_TRANSPORT"}}),
            "rust_consumer.kafka_error:1|c|#error:broker_transport_failure");
  EXPECT_EQ(own_tags("freshet_kafka_errors_total", {{"error", "_RESOLVE"}}), "none");
  EXPECT_EQ(own_tags("freshet_backpressure_pauses_total", {{"by", "rows"}}),
            "arroyo.strategies.run_task_in_threads.giving_backpressure:1|c|#strategy_name:process_message");
  EXPECT_EQ(own_tags("freshet_backpressure_pauses_total", {{"by", "outcomes"}}),
            "accepted_outcomes.got_backpressure:1|c|#strategy_name:outcomes_aggregator");
  metrics.gauge("freshet_pool_threads", "", {{"pool", "clickhouse"}}).set(2);
  metrics.gauge("freshet_producer_p99_seconds", "", {{"producer", "dead_letter"}, {"broker", "1"}, {"of", "rtt"}})
      .set(0.0035);
  const auto lines = head();
  EXPECT_THAT(lines, Contains(HasSubstr("run_task_in_threads.threads:2.0|g|#strategy_name:clickhouse,storage:")));
  EXPECT_THAT(lines, Contains(HasSubstr("librdkafka.p99_rtt:3.0|g|#producer_name:dead_letter,broker_id:1,storage:")));
}

TEST_F(EncoderTest, CountersOfThePythonProcessorsHaveTheirOwnPrefix) {
  metrics.counter("freshet_transactions_spans_cut_total", "").add();
  EXPECT_THAT(head(), ElementsAre(std::string("snuba.transactions.processor.too_many_spans:1|c") + kTags));
}

TEST_F(EncoderTest, LoopTimesAreOneValueAFlush) {
  metrics.seconds_counter("freshet_loop_poll_seconds_total", "").add(std::chrono::milliseconds(1500));
  EXPECT_THAT(head(), ElementsAre(HasSubstr("arroyo.consumer.poll.time.distribution:1500.0|d")));
  EXPECT_THAT(head(), IsEmpty());
}

// A socket of each kind that an agent may listen on.
struct Agent {
  explicit Agent(const std::string& kind) : path("/tmp/freshet-statsd-" + std::to_string(getpid())) {
    unlink(path.c_str());
    if (kind == "udp") {
      sockaddr_in name{};
      name.sin_family = AF_INET;
      name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      fd = socket(AF_INET, SOCK_DGRAM, 0);
      EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
      socklen_t size = sizeof name;
      getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
      address = "udp://127.0.0.1:" + std::to_string(ntohs(name.sin_port));
      return;
    }
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strcpy(name.sun_path, path.c_str());
    fd = socket(AF_UNIX, kind == "unix" ? SOCK_STREAM : SOCK_DGRAM, 0);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    if (kind == "unix") listen(fd, 1);
    address = kind + "://" + path;
  }
  ~Agent() {
    close(fd);
    unlink(path.c_str());
  }
  std::string receive(int from) const {
    std::string out(10'000, '\0');
    const ssize_t n = recv(from, out.data(), out.size(), 0);
    out.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return out;
  }
  const std::string path;
  std::string address;
  int fd = -1;
};

TEST(TransportTest, DatagramsArriveWhole) {
  for (const char* kind : {"udp", "unixgram"}) {
    const Agent agent(kind);
    StatsdTransport transport(agent.address);
    ASSERT_TRUE(transport.send("one\n")) << kind;
    ASSERT_TRUE(transport.send("two\n")) << kind;
    EXPECT_EQ(agent.receive(agent.fd), "one\n");
    EXPECT_EQ(agent.receive(agent.fd), "two\n");
  }
  EXPECT_EQ(StatsdTransport("h:1").max_payload(false), 1432u);
  EXPECT_EQ(StatsdTransport("unixgram:///x").max_payload(false), 8192u);
  EXPECT_EQ(StatsdTransport("h:1").max_payload(true), 512u);
}

TEST(TransportTest, StreamsCarryLengths) {
  const Agent agent("unix");
  StatsdTransport transport(agent.address);
  ASSERT_TRUE(transport.send("one\n"));
  const int connection = accept(agent.fd, nullptr, nullptr);
  EXPECT_EQ(agent.receive(connection), std::string("\x04\0\0\0one\n", 8));
  close(connection);
}

TEST(TransportTest, AnAgentThatComesLaterIsFound) {
  std::string address;
  {
    const Agent gone("unixgram");
    address = gone.address;
  }
  StatsdTransport transport(address);
  EXPECT_FALSE(transport.send("lost"));
  const Agent agent("unixgram");
  EXPECT_TRUE(transport.send("found"));
  EXPECT_EQ(agent.receive(agent.fd), "found");
  EXPECT_FALSE(StatsdTransport("udp://no-such-host.invalid:1").send("x"));
  EXPECT_FALSE(StatsdTransport("unix:///" + std::string(200, 'x')).send("x"));
}

TEST(SenderTest, SendsWhatIsLeftWhenItEnds) {
  const Agent agent("udp");
  Metrics metrics;
  metrics.counter("freshet_rows_written_total", "").add(7);
  testkit::FakeClock clock;  // nothing is sent in between
  StatsdSettings s = settings();
  s.address = agent.address;
  {
    const StatsdSender sender(
        s, [] { return AssignedPartitions(std::vector<int32_t>{1}); }, clock, null_log(), metrics);
  }
  const std::string payload = agent.receive(agent.fd);
  EXPECT_THAT(payload, HasSubstr("snuba.consumer.insertions.batch_write_msgs:7|c|#assigned_partitions:1,"));
  EXPECT_THAT(payload, HasSubstr("arroyo.consumer.partitions_assigned.count:1|c"));
  EXPECT_EQ(metrics.counter("freshet_statsd_payloads_total", "", {{"result", "sent"}}).value(), 1u);
}

// FRESHET_WRITE_DOCS=1 regenerates the table.
TEST(StatsdTableTest, TheDocumentedNamesAreThoseOfTheTable) {
  const std::string path = std::string(FRESHET_SOURCE_DIR) + "/docs/metrics.md";
  std::ostringstream read;
  read << std::ifstream(path).rdbuf();
  std::string text = read.str();
  const std::string head = "| Name | Type | From |\n|---|---|---|\n";
  const size_t begin = text.find(head);
  ASSERT_NE(begin, std::string::npos);
  const size_t table = text.find('\n', begin + head.size()) + 1;  // after the two rows that the sender itself counts
  const size_t end = std::min(text.find("\n\n", table), text.size());
  if (std::getenv("FRESHET_WRITE_DOCS") != nullptr) {
    text.replace(table, end == text.size() ? std::string::npos : end + 1 - table, statsd_markdown());
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(table, end == text.size() ? std::string::npos : end + 1 - table), statsd_markdown())
      << "run telemetry_test with FRESHET_WRITE_DOCS=1";
}

}  // namespace
}  // namespace freshet::telemetry
