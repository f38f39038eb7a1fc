// --insert-format auto and native from a topic to a table of the current engine, and while the table changes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "testkit/admin_client.h"
#include "testkit/fault_proxy.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

// Rows with exactly that cost.
constexpr const char* kExact = "reinterpretAsUInt64(total_cost_usd) = 4367682300234385505";

// The server refuses a field without a column.
const std::array<std::string, 2> kRefusesFields = {"--clickhouse-setting", "input_format_skip_unknown_fields=0"};

struct InsertFormatTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::LocalClickHouse();
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }
  void SetUp() override {
    topic = testing::UnitTest::GetInstance()->current_test_info()->name();
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    client->create_topic(topic, 2);
    std::stringstream text;
    text << std::ifstream(FRESHET_SOURCE_DIR "/tests/e2e/tables/llm_proxy_cost_raw.sql").rdbuf();
    const std::string sql = text.str();
    clickhouse_->query("CREATE TABLE " + topic + sql.substr(sql.find(" (")) +
                       " SETTINGS non_replicated_deduplication_window = 10000");
  }
  std::vector<std::string> args(std::vector<std::string> more = {},
                                const std::string& delivery = "at-least-once") const {
    more.insert(more.begin(), {"--processor", "LlmProxyCostProcessor", "--delivery", delivery, "--max-batch-time-ms",
                               "100", "--admin-listen", fmt::format("127.0.0.1:{}", port)});
    return testkit::streaming_command("run", kafka_->bootstrap(), topic, clickhouse_->url(), more);
  }
  // A member of a group, behind a proxy.
  std::vector<std::string> member(const testkit::FaultProxy& proxy, const std::string& format) const {
    return testkit::streaming_command(
        "run", kafka_->bootstrap(), topic, proxy.url(),
        {"--processor", "LlmProxyCostProcessor", "--insert-format", format, "--delivery", "exactly-once",
         "--max-batch-time-ms", "100", "--no-static-membership", "--set", "kafka.session.timeout.ms=6000"});
  }
  nlohmann::json format() const {
    const auto status = nlohmann::json::parse(testkit::AdminClient(port).ask("status").body, nullptr, false);
    return status.is_object() ? status["insert_format"] : nlohmann::json::object();
  }
  // Waits for the format in /status, and for the metric of it.
  bool becomes(const std::string& wanted) const {
    return testkit::eventually(60s, [&] {
      const auto now = format();
      return now.value("format", "") == wanted && now.value("reason", "") != "the table is not described yet" &&
             metrics().find("freshet_insert_format{format=\"" + wanted + "\"} 1") != std::string::npos;
    });
  }
  // A cost that the server reads from JSONEachRow as the double beside it: it shows which format a row had.
  void produce(int from, int to) {
    for (int id = from; id < to; ++id) {
      client->produce(
          topic,
          {id % 2,
           -1,
           std::nullopt,
           fmt::format(R"({{"org_id":{},"model":"m","prompt_tokens":{},"total_cost_usd":1.0104643752817988e-16}})", id,
                       id % 3 == 0 ? 300 : 200),
           {},
           0});
    }
    client->flush();
  }
  uint64_t count(const std::string& condition = "1") const {
    return clickhouse_->count(fmt::format("SELECT count() FROM {} WHERE {}", topic, condition));
  }
  // Rows are JSONEachRow until freshet has described the table.
  void produce_until_native(int& next) {
    produce_until([&] { return count(kExact) > 0; }, next);
  }
  void produce_until(const std::function<bool()>& done, int& next) {
    EXPECT_TRUE(testkit::eventually(60s, [&] {
      produce(next, next + 2);
      next += 2;
      return testkit::eventually(1s, done);
    }));
  }
  int64_t committed() const {
    int64_t sum = 0;
    for (const auto& [partition, offset] : client->committed(topic, topic)) sum += offset;
    return sum;
  }
  std::string metrics() const { return testkit::AdminClient(port).ask("metrics").body; }

  static testkit::KafkaServer* kafka_;
  static testkit::LocalClickHouse* clickhouse_;
  std::string topic;
  const int port = testkit::free_port();
  std::unique_ptr<testkit::KafkaClient> client;
};
testkit::KafkaServer* InsertFormatTest::kafka_ = nullptr;
testkit::LocalClickHouse* InsertFormatTest::clickhouse_ = nullptr;

TEST_F(InsertFormatTest, RowsAreSentAsColumnsAndStoredOnce) {
  int next = 0;
  for (const char* delivery : {"at-least-once", "exactly-once"}) {
    SCOPED_TRACE(delivery);
    clickhouse_->query("TRUNCATE TABLE " + topic);
    testkit::FreshetProcess freshet(args({}, delivery));
    const int first = next;
    produce_until_native(next);
    const uint64_t before = count(kExact);
    produce(next, next + 1'000);
    next += 1'000;
    const auto produced = static_cast<uint64_t>(next - first);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == produced; })) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0) << freshet.output();
    EXPECT_EQ(count(kExact), before + 1'000) << freshet.output();
    EXPECT_EQ(clickhouse_->count(fmt::format("SELECT uniqExact(org_id) FROM {}", topic)), produced);
  }
}

// The table refuses the columns, and then the rows as JSONEachRow, of which the bad one is searched.
TEST_F(InsertFormatTest, ARejectedRowBecomesADeadLetter) {
  constexpr int kBad = 1'000'000;
  clickhouse_->query(fmt::format("ALTER TABLE {} ADD CONSTRAINT known CHECK org_id != {}", topic, kBad));
  client->create_topic(topic + "_dead", 1);
  testkit::FreshetProcess freshet(args({"--dead-letter-topic", topic + "_dead"}));
  int next = 0;
  produce_until_native(next);
  produce(next, next + 100);
  produce(kBad, kBad + 1);
  produce(next + 100, next + 200);
  next += 200;
  const auto rows = static_cast<uint64_t>(next);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == rows && committed() == next + 1; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(clickhouse_->count(fmt::format("SELECT uniqExact(org_id) FROM {}", topic)), rows);
  const auto dead = client->read_all(topic + "_dead");
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_NE(dead.front().value->find(std::to_string(kBad)), std::string::npos);
  EXPECT_NE(freshet.output().find("insert_sent_as_json"), std::string::npos) << "it was Native\n" << freshet.output();
}

// A narrower type, which a third of the rows do not fit: they have no exact form, and JSONEachRow decides, which wraps.
TEST_F(InsertFormatTest, ATableThatChangesLosesNothing) {
  testkit::FreshetProcess freshet(args());
  int next = 0;
  produce_until_native(next);
  const uint64_t before = count();
  clickhouse_->query(fmt::format("ALTER TABLE {} MODIFY COLUMN prompt_tokens UInt8", topic));
  for (int round = 0; round < 20; ++round) {
    produce(next, next + 50);
    next += 50;
    EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == static_cast<uint64_t>(next); })) << freshet.output();
  }
  clickhouse_->query(fmt::format("ALTER TABLE {} DROP COLUMN model", topic));
  produce(next, next + 50);
  next += 50;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == static_cast<uint64_t>(next); })) << freshet.output();
  EXPECT_EQ(format().value("format", ""), "Native") << "the server leaves a field without a column out";
  // Rows have it again when freshet has described the table.
  clickhouse_->query(fmt::format("ALTER TABLE {} ADD COLUMN model String", topic));
  produce_until([&] { return count("model = 'm'") > 0; }, next);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == static_cast<uint64_t>(next); })) << freshet.output();
  EXPECT_NE(metrics().find("freshet_inserts_sent_as_json_total{"), std::string::npos) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_GT(before, 0u);
  EXPECT_EQ(count("prompt_tokens NOT IN (200, 44)"), 0u);  // 300 as a UInt8 is 44
  EXPECT_EQ(clickhouse_->count(fmt::format("SELECT uniqExact(org_id) FROM {}", topic)), static_cast<uint64_t>(next));
}

// An Enum, which freshet does not write, comes and goes.
TEST_F(InsertFormatTest, TheFormatIsReportedWheneverItChanges) {
  testkit::FreshetProcess freshet(args());
  const auto events = [&](const std::string& name) {
    const std::string all = freshet.output();
    size_t count = 0;
    for (size_t at = all.find(name); at != std::string::npos; at = all.find(name, at + 1)) ++count;
    return count;
  };
  ASSERT_TRUE(becomes("Native")) << freshet.output();
  EXPECT_EQ(format().value("configured", ""), "auto");
  EXPECT_EQ(format().value("reason", "-"), "");
  const size_t described = events(" insert_format ");
  const std::string type =
      clickhouse_->query(fmt::format("SELECT type FROM system.columns WHERE table = '{}' AND name = 'model'", topic));
  clickhouse_->query(fmt::format("ALTER TABLE {} MODIFY COLUMN model Enum8('m' = 1)", topic));
  ASSERT_TRUE(becomes("JSONEachRow")) << freshet.output();
  const std::string why = "column model has an Enum, which ALTER TABLE may renumber: Enum8('m' = 1)";
  EXPECT_EQ(format().value("reason", ""), why);
  EXPECT_NE(freshet.output().find(why), std::string::npos) << freshet.output();
  produce(0, 10);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == 10; })) << freshet.output();
  EXPECT_EQ(count(kExact), 0u);
  clickhouse_->query(fmt::format("ALTER TABLE {} MODIFY COLUMN model {}", topic, type));
  ASSERT_TRUE(becomes("Native")) << freshet.output();
  produce(10, 20);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == 20; })) << freshet.output();
  EXPECT_EQ(count(kExact), 10u);
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(events(" insert_format "), described + 2) << freshet.output();
  EXPECT_EQ(events("insert_format_fallback"), 0u) << freshet.output();
}

TEST_F(InsertFormatTest, NativeWarnsOfJsonAndJsonEachRowAsksNothing) {
  clickhouse_->query(fmt::format("ALTER TABLE {} DROP COLUMN model", topic));
  {
    testkit::FreshetProcess freshet(args({"--insert-format", "native", kRefusesFields[0], kRefusesFields[1]}));
    EXPECT_TRUE(testkit::eventually(60s, [&] {
      return freshet.output().find("insert_format_fallback") != std::string::npos;
    })) << freshet.output();
    EXPECT_NE(freshet.output().find("the table has no column model"), std::string::npos) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  }
  testkit::FreshetProcess freshet(args({"--insert-format", "json-each-row"}));
  ASSERT_TRUE(becomes("JSONEachRow")) << freshet.output();
  EXPECT_EQ(format().value("reason", ""), "it is configured");
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
}

TEST_F(InsertFormatTest, CheckSaysWhichFormatARunHas) {
  const auto check = [&](std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--processor", "LlmProxyCostProcessor", "--delivery", "at-least-once"});
    testkit::FreshetProcess freshet(
        testkit::streaming_command("check", kafka_->bootstrap(), topic, clickhouse_->url(), more));
    freshet.process().wait(60s);
    return freshet.output();
  };
  EXPECT_NE(check().find("inserts: FORMAT Native"), std::string::npos) << check();
  clickhouse_->query(fmt::format("ALTER TABLE {} DROP COLUMN model", topic));
  EXPECT_NE(check().find("inserts: FORMAT Native"), std::string::npos) << check();
  const std::string strict = check({kRefusesFields.begin(), kRefusesFields.end()});
  EXPECT_NE(strict.find("inserts: FORMAT JSONEachRow (the table has no column model)"), std::string::npos) << strict;
}

// Objects of the generic processor. The server reads 2.345 from JSONEachRow as the double below it.
TEST_F(InsertFormatTest, ObjectsBecomeColumns) {
  clickhouse_->query("DROP TABLE " + topic);
  clickhouse_->query(
      fmt::format("CREATE TABLE {} (id UInt64, v Float64, tags Map(String, String), at DateTime DEFAULT now(), kind "
                  "Enum8('a' = 1)) "
                  "ENGINE = MergeTree ORDER BY id",
                  topic));
  testkit::FreshetProcess freshet(
      testkit::streaming_command("run", kafka_->bootstrap(), topic, clickhouse_->url(),
                                 {"--insert-format", "native", "--delivery", "at-least-once", "--max-batch-time-ms",
                                  "100", "--admin-listen", fmt::format("127.0.0.1:{}", port)}));
  uint64_t next = 0;
  const auto produce_objects = [&](int count, const char* v) {
    for (; count > 0; --count, ++next) {
      const std::string text = fmt::format(R"({{"v":{},"id":{},"tags":{{"a":"\u00e9"}},"more":[1]}})", v, next);
      client->produce(topic, {static_cast<int>(next % 2), -1, std::nullopt, text, {}, 0});
    }
    client->flush();
  };
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    produce_objects(2, "2.345");
    return testkit::eventually(1s, [&] { return count("v = 2.345") > 0; });
  })) << freshet.output();
  const uint64_t before = count("v = 2.345");
  produce_objects(500, "2.345");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == next; })) << freshet.output();
  EXPECT_EQ(count("v = 2.345"), before + 500);
  produce_objects(50, R"("1.5")");  // has no exact form
  produce_objects(50, "2.5");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == next; })) << freshet.output();
  EXPECT_NE(metrics().find("freshet_messages_without_exact_form_total 50\n"), std::string::npos) << metrics();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(clickhouse_->count("SELECT uniqExact(id) FROM " + topic), next);
  EXPECT_EQ(count("v = 1.5"), 50u);
  EXPECT_EQ(count("tags = map('a', 'é') AND at > now() - 600 AND kind = 'a'"), next);
}

// The URL of a Native insert names all columns.
TEST_F(InsertFormatTest, AProxyThatTakesNoLongUrlsGetsJson) {
  clickhouse_->query("DROP TABLE " + topic);
  std::string columns = "id UInt64";
  for (int i = 0; i < 200; ++i) columns += fmt::format(", number_of_things_{} UInt32", i);
  clickhouse_->query(fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY id", topic, columns));
  testkit::FaultProxy proxy(static_cast<uint16_t>(clickhouse_->port()));
  proxy.set_rules({.longest_url = 2'000});
  testkit::FreshetProcess freshet(
      testkit::streaming_command("run", kafka_->bootstrap(), topic, proxy.url(),
                                 {"--delivery", "at-least-once", "--max-batch-time-ms", "100", "--admin-listen",
                                  fmt::format("127.0.0.1:{}", port)}));
  int next = 0;
  const auto produce_objects = [&](int number) {
    for (const int end = next + number; next < end; ++next) {
      client->produce(topic, {next % 2, -1, std::nullopt, fmt::format(R"({{"id":{}}})", next), {}, 0});
    }
    client->flush();
  };
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    produce_objects(2);
    return testkit::eventually(1s, [&] { return proxy.refused() > 0; });
  })) << freshet.output();
  for (int round = 0; round < 10; ++round) {
    produce_objects(10);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == static_cast<uint64_t>(next); })) << freshet.output();
  }
  EXPECT_LE(proxy.refused(), 2u) << "once for each writer that had an insert then";
  EXPECT_EQ(format().value("format", ""), "JSONEachRow");
  EXPECT_EQ(format().value("reason", ""), proxy.url() + ": a proxy answers 414 to Native inserts");
  EXPECT_NE(metrics().find("freshet_inserts_sent_as_json_total{code=\"414\"}"), std::string::npos) << metrics();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_NE(freshet.output().find("native_inserts_refused"), std::string::npos) << freshet.output();
  EXPECT_EQ(clickhouse_->count("SELECT uniqExact(id) FROM " + topic), static_cast<uint64_t>(next));
}

// As chproxy does.
TEST_F(InsertFormatTest, AProxyThatRemovesSettingsGetsJsonAtLeastOnce) {
  testkit::FaultProxy proxy(static_cast<uint16_t>(clickhouse_->port()));
  proxy.set_rules(testkit::ProxyRules::chproxy());
  testkit::FreshetProcess freshet(
      testkit::streaming_command("run", kafka_->bootstrap(), topic, proxy.url(),
                                 {"--processor", "LlmProxyCostProcessor", "--max-batch-time-ms", "100",
                                  "--admin-listen", fmt::format("127.0.0.1:{}", port)}));
  ASSERT_TRUE(becomes("JSONEachRow")) << freshet.output();
  EXPECT_EQ(format().value("reason", ""), "a proxy removes input_format_native_allow_types_conversion from requests");
  produce(0, 100);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == 100; })) << freshet.output();
  EXPECT_EQ(count(kExact), 0u);
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(clickhouse_->count(fmt::format("SELECT uniqExact(org_id) FROM {}", topic)), 100u);
  EXPECT_NE(freshet.output().find("delivery_fallback"), std::string::npos) << freshet.output();
  EXPECT_NE(freshet.output().find("A proxy between freshet and ClickHouse does not pass on"), std::string::npos)
      << freshet.output();
}

// A member is killed after the table stored its insert and before it got the answer. Another member takes its partition
// over and repeats the insert with the same rows in the other format.
TEST_F(InsertFormatTest, AnInsertIsRepeatedInAnotherFormat) {
  const auto port_of_server = static_cast<uint16_t>(clickhouse_->port());
  int next = 0;
  for (const bool native_first : {true, false}) {
    SCOPED_TRACE(native_first);
    testkit::FaultProxy one_proxy(port_of_server);
    testkit::FaultProxy other_proxy(port_of_server);
    testkit::FreshetProcess one(member(one_proxy, native_first ? "native" : "json-each-row"));
    testkit::FreshetProcess other(member(other_proxy, native_first ? "json-each-row" : "native"));
    // Both have a partition, and one of them knows the table.
    const uint64_t native = count(kExact);
    produce_until([&] { return count(kExact) > native + 10 && count() - count(kExact) > 10; }, next);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return count() == static_cast<uint64_t>(next); })) << other.output();
    const size_t lost = one_proxy.faults();
    testkit::Fault fault = testkit::Fault::of(testkit::Fault::Kind::LoseAnswer);
    fault.inserts_only = true;
    one_proxy.set(fault);
    produce(next, next + 500);
    next += 500;
    EXPECT_TRUE(one_proxy.wait_for_faults(lost + 1)) << one.output();
    one.process().signal(SIGKILL);
    one.process().wait(30s);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return committed() == next; })) << other.output();
    EXPECT_EQ(other.stop(), 0) << other.output();
    EXPECT_EQ(count(), static_cast<uint64_t>(next)) << other.output();
    EXPECT_EQ(clickhouse_->count(fmt::format("SELECT uniqExact(org_id) FROM {}", topic)), static_cast<uint64_t>(next));
    EXPECT_EQ(other.output().find("planned_"), std::string::npos) << other.output();
    EXPECT_NE(other.output().find("insert_unverified"), std::string::npos) << "it was repeated\n" << other.output();
  }
}

}  // namespace
}  // namespace freshet
