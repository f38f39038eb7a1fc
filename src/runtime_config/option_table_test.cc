#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runtime_config/table.h"

namespace freshet::runtime_config {
namespace {

const OptionScope kGroupAndStorage{"my-group", "errors"};

TEST(OptionTableTest, EveryOptionIsReadAndRefusedByKey) {
  LiveOptions base;
  std::vector<BadOption> bad;
  const RawOptions raw = {{"freshet_max_batch_size", "10"},
                          {"freshet_max_batch_bytes", "2000"},
                          {"freshet_max_batch_time_ms", "30"},
                          {"freshet_clickhouse_concurrency", "4"},
                          {"freshet_dead_letters_per_second", "1.5"},
                          {"freshet_dead_letter_burst", "6"},
                          {"freshet_log_level", "warn"},
                          {"freshet_progress_timeout_secs", "0"},
                          {"kafka_consumer_periodic_restart__my-group", "TRUE"},
                          {"kafka_consumer_periodic_restart_interval_secs__my-group", "5"},
                          {"quantized_rebalance_consumer_group_delay_secs__my-group", "30"},
                          {"kafka_consumer_periodic_restart_interval_secs__other", "x"},
                          {"clickhouse_load_balancing:errors", "random"},
                          {"clickhouse_load_balancing_first_offset:errors", "2"},
                          {"clickhouse_load_balancing_first_offset:replays", "3"},
                          {"clickhouse_max_insert_block_size:errors", "2000000"},
                          {"clickhouse_write_client_timeouts:errors.connect_ms", "1"},
                          {"clickhouse_write_client_timeouts:errors.request_ms", "2"},
                          {"clickhouse_write_client_timeouts:errors.pool_idle_ms", "3"},
                          {"clickhouse_write_client_timeouts:errors.tcp_keepalive_ms", "4"},
                          {"clickhouse_write_client_timeouts:errors.tcp_keepalive_interval_ms", "5"},
                          {"clickhouse_write_client_timeouts:errors.tcp_keepalive_retries", "6"},
                          {"clickhouse_write_retry_policy:errors.initial_backoff_ms", "0"},
                          {"clickhouse_write_retry_policy:errors.max_retries", "20"},
                          {"clickhouse_write_retry_policy:errors.jitter_factor", "0.5"},
                          {"experimental_healthcheck", "1"},
                          {"consumer.dlq_by_age_sample_rate_by_storage:errors", "7"},
                          {"consumer.dlq_by_age_threshold_seconds", "30"},
                          {"generic_metrics_use_case_killswitch", "custom,spans"},
                          {"eap_items_dlq_grace_period_min:errors", "0"},
                          {"eap_items_emit_received_at", "true"},
                          {"eap_items_drop_invalid_timestamps", "1"},
                          {"max_spans_per_transaction", "10.0"},
                          {"somebody_elses", "x"}};
  const LiveOptions read = read_options(raw, kGroupAndStorage, base, base, bad);
  EXPECT_TRUE(bad.empty());
  EXPECT_EQ(read.max_batch_rows, 10u);
  EXPECT_EQ(read.max_batch_bytes, 2000u);
  EXPECT_EQ(read.max_batch_time.count(), 30);
  EXPECT_EQ(read.clickhouse_concurrency, 4u);
  EXPECT_EQ(read.dead_letters_per_second, 1.5);
  EXPECT_EQ(read.dead_letter_burst, 6u);
  EXPECT_EQ(read.log_level, LogLevel::Warn);
  EXPECT_EQ(read.renewal.progress_timeout.count(), 0);
  EXPECT_TRUE(read.renewal.enabled);
  EXPECT_EQ(read.renewal.interval.count(), 5);
  EXPECT_EQ(read.renewal.tick.count(), 30);
  EXPECT_EQ(read.insert.load_balancing, "random");
  EXPECT_EQ(read.insert.load_balancing_first_offset, "2");
  EXPECT_EQ(read.insert.max_insert_block_size, 2'000'000u);
  EXPECT_EQ(read.insert.connect_timeout.count(), 1);
  EXPECT_EQ(read.insert.request_timeout.count(), 2);
  EXPECT_EQ(read.insert.pool_idle_timeout.count(), 3);
  EXPECT_EQ(read.insert.tcp_keepalive.count(), 4);
  EXPECT_EQ(read.insert.tcp_keepalive_interval.count(), 5);
  EXPECT_EQ(read.insert.tcp_keepalive_retries, 6u);
  EXPECT_EQ(read.insert.retry_initial_backoff_ms, 0);
  EXPECT_EQ(read.insert.max_retries, 20u);
  EXPECT_EQ(read.insert.retry_jitter_factor, 0.5);
  EXPECT_TRUE(read.experimental_healthcheck);
  EXPECT_EQ(read.dead_letters_by_age.sample_rate, 1);
  EXPECT_EQ(read.dead_letters_by_age.threshold.count(), 30);
  EXPECT_EQ(read.processors.use_case_killswitch, "custom,spans");
  EXPECT_EQ(read.processors.eap_dlq_grace_period_min, 0);
  EXPECT_TRUE(read.processors.eap_emit_received_at);
  EXPECT_TRUE(read.processors.eap_drop_invalid_timestamps);
  EXPECT_EQ(read.processors.max_spans_per_transaction, 10);
  for (const LiveOption& option : table()) {
    if (option.type == "text") continue;
    bad.clear();
    read_options({{key_of(option, kGroupAndStorage), "-1x"}}, kGroupAndStorage, base, base, bad);
    ASSERT_EQ(bad.size(), 1u) << option.key;
    EXPECT_EQ(bad[0].key, key_of(option, kGroupAndStorage));
    LiveOptions other = base;
    option.copy(other, read);
    EXPECT_EQ(option.show(other), option.show(read)) << option.key;
    EXPECT_NE(option.show(other), option.show(base)) << option.key;
  }
}

TEST(OptionTableTest, BadTimeoutsAndRetriesAreTheDefaults) {
  const LiveOptions base;
  std::vector<BadOption> bad;
  const std::string key = "clickhouse_write_client_timeouts:errors.request_ms";
  const LiveOptions last = read_options({{key, "7"}}, kGroupAndStorage, base, base, bad);
  EXPECT_EQ(last.insert.request_timeout.count(), 7);
  for (const char* value : {"0", "-1", "2000000.0", "soon"}) {
    EXPECT_EQ(read_options({{key, value}}, kGroupAndStorage, base, last, bad).insert.request_timeout.count(), 65'000)
        << value;
  }
  EXPECT_EQ(bad.size(), 4u);
  // A value that becomes part of a URL must be a word.
  bad.clear();
  read_options({{"clickhouse_load_balancing:errors", "random&query=DROP"}}, kGroupAndStorage, base, base, bad);
  EXPECT_EQ(bad.size(), 1u);
}

TEST(OptionTableTest, AThresholdBelowOneSecondIsTheDefault) {
  std::vector<BadOption> bad;
  for (const char* value : {"0", "-3"}) {
    const LiveOptions read = read_options({{"consumer.dlq_by_age_threshold_seconds", value}}, kGroupAndStorage,
                                          LiveOptions(), LiveOptions(), bad);
    EXPECT_EQ(read.dead_letters_by_age.threshold.count(), 600);
  }
  EXPECT_TRUE(bad.empty());
}

TEST(OptionTableTest, WithoutAStorageThereAreNoOptionsOfStorages) {
  std::vector<BadOption> bad;
  const LiveOptions read =
      read_options({{"clickhouse_load_balancing:", "random"}, {"", "x"}}, {"g", ""}, LiveOptions(), LiveOptions(), bad);
  EXPECT_EQ(read, LiveOptions());
}

TEST(OptionTableTest, ABadValueKeepsTheOneInForce) {
  LiveOptions base;
  std::vector<BadOption> bad;
  const LiveOptions last = read_options({{"freshet_max_batch_size", "10"}}, kGroupAndStorage, base, base, bad);
  const LiveOptions next = read_options({{"freshet_max_batch_size", "ten"}, {"freshet_dead_letter_burst", "7"}},
                                        kGroupAndStorage, base, last, bad);
  EXPECT_EQ(bad.size(), 1u);
  EXPECT_EQ(next.max_batch_rows, 10u);
  EXPECT_EQ(next.dead_letter_burst, 7u);
  // A removed key returns to the start value, even next to a bad one.
  bad.clear();
  const LiveOptions gone = read_options({{"freshet_max_batch_size", "ten"}}, kGroupAndStorage, base, next, bad);
  EXPECT_EQ(gone.max_batch_rows, 10u);
  EXPECT_EQ(gone.dead_letter_burst, base.dead_letter_burst);
}

struct RenewalKeys {
  RenewalOptions read(const RawOptions& raw, const RenewalOptions& start = {}) {
    LiveOptions base;
    base.renewal = start;
    bad.clear();
    last = read_options(raw, kGroupAndStorage, base, last, bad);
    return last.renewal;
  }
  std::vector<BadOption> bad;
  LiveOptions last;
};

constexpr const char* kFlag = "kafka_consumer_periodic_restart__my-group";
constexpr const char* kInterval = "kafka_consumer_periodic_restart_interval_secs__my-group";
constexpr const char* kTick = "quantized_rebalance_consumer_group_delay_secs__my-group";

TEST(RenewalKeysTest, TheFlagIsOnOrOffInAnyCase) {
  RenewalKeys keys;
  for (const char* on : {"1", "true", "True", "TRUE", "tRuE"}) EXPECT_TRUE(keys.read({{kFlag, on}}).enabled) << on;
  const RenewalOptions started_on{.enabled = true};
  for (const char* off : {"0", "false", "False", "FALSE"}) {
    EXPECT_FALSE(keys.read({{kFlag, off}}, started_on).enabled) << off;
    EXPECT_TRUE(keys.bad.empty()) << off;
  }
  EXPECT_TRUE(keys.read({}, started_on).enabled);
}

TEST(RenewalKeysTest, ABadValueIsTheDefaultAndNotTheLastGoodOne) {
  const RenewalOptions started{.enabled = true, .interval = std::chrono::seconds(77), .tick = std::chrono::seconds(9)};
  RenewalKeys keys;
  keys.read({{kFlag, "1"}, {kInterval, "5"}, {kTick, "30"}}, started);
  for (const char* wrong : {"", " ", "yes", "on", "2", "-1", "1.0", "true ", "x"}) {
    const RenewalOptions read = keys.read({{kFlag, wrong}}, started);
    EXPECT_FALSE(read.enabled) << wrong;
    EXPECT_EQ(read.interval.count(), 77) << wrong;
    EXPECT_EQ(keys.bad.size(), 1u) << wrong;
  }
  for (const char* wrong : {"", "0", "-5", "5s", "1e3", "5.0", "-99999999999999999999", "99999999999999999999s"}) {
    EXPECT_EQ(keys.read({{kInterval, wrong}}, started).interval.count(), 900) << wrong;
  }
  for (const char* wrong : {"", "-1", "ten", "1.5", "-99999999999999999999"}) {
    EXPECT_EQ(keys.read({{kTick, wrong}}, started).tick.count(), 9) << wrong;
  }
  EXPECT_EQ(keys.read({{kTick, "0"}}, started).tick.count(), 0);
  EXPECT_TRUE(keys.bad.empty());
  for (const char* far_away : {"9223372036854775807", "99999999999999999999"}) {
    const RenewalOptions read = keys.read({{kInterval, far_away}, {kTick, far_away}}, started);
    EXPECT_EQ(read.interval, std::chrono::seconds::max()) << far_away;
    EXPECT_EQ(read.tick, std::chrono::seconds::max()) << far_away;
  }
  EXPECT_TRUE(keys.bad.empty());
  EXPECT_EQ(keys.read({}, started), started);
}

TEST(OptionTableTest, StatusShowsEveryOptionOfTheScope) {
  const auto value_of = [](const std::vector<OptionStatus>& shown, const std::string& name) {
    for (const OptionStatus& one : shown) {
      if (one.name == name) return one.value;
    }
    return std::string("absent");
  };
  const std::vector<OptionStatus> shown = options_status(LiveOptions(), {"my-group", ""});
  EXPECT_EQ(value_of(shown, "max_batch_time_ms"), "2000");
  EXPECT_EQ(value_of(shown, "log_level"), "\"info\"");
  EXPECT_EQ(value_of(shown, "renew"), "false");
  EXPECT_EQ(value_of(shown, "eap_items_emit_received_at"), "absent") << "without Snuba none of its options";
  EXPECT_EQ(options_status(LiveOptions(), kGroupAndStorage).size(), table().size());
  EXPECT_EQ(value_of(options_status(LiveOptions(), kGroupAndStorage), "eap_items_dlq_grace_period_min:errors"), "null");
}

// FRESHET_WRITE_DOCS=1 rewrites the page.
TEST(OptionTableTest, TheDocumentedOptionsAreThoseOfTheTable) {
  const std::string path = std::string(FRESHET_SOURCE_DIR) + "/docs/runtime-options.md";
  if (std::getenv("FRESHET_WRITE_DOCS") != nullptr) std::ofstream(path) << to_markdown();
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), to_markdown()) << "run runtime_config_test with FRESHET_WRITE_DOCS=1";
}

}  // namespace
}  // namespace freshet::runtime_config
