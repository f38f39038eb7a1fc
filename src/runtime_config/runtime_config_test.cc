#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "base/mailbox.h"
#include "runtime_config/layered_source.h"
#include "runtime_config/options_watcher.h"
#include "runtime_config/python_text.h"
#include "runtime_config/stores.h"
#include "runtime_config/table.h"
#include "runtime_config/values_file.h"
#include "testkit/socket.h"

namespace freshet::runtime_config {
namespace {

const OptionScope kScope{"my-group", "errors"};

RuntimeConfigSettings settings_of(std::string store) {
  RuntimeConfigSettings settings;
  settings.store = std::move(store);
  settings.redis_hash = "h";
  return settings;
}

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
  const LiveOptions read = read_options(raw, kScope, base, base, bad);
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
    read_options({{key_of(option, kScope), "-1x"}}, kScope, base, base, bad);
    ASSERT_EQ(bad.size(), 1u) << option.key;
    EXPECT_EQ(bad[0].key, key_of(option, kScope));
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
  const LiveOptions last = read_options({{key, "7"}}, kScope, base, base, bad);
  EXPECT_EQ(last.insert.request_timeout.count(), 7);
  for (const char* value : {"0", "-1", "2000000.0", "soon"}) {
    EXPECT_EQ(read_options({{key, value}}, kScope, base, last, bad).insert.request_timeout.count(), 65'000) << value;
  }
  EXPECT_EQ(bad.size(), 4u);
  // Where it becomes part of a URL, a value is a word.
  bad.clear();
  read_options({{"clickhouse_load_balancing:errors", "random&query=DROP"}}, kScope, base, base, bad);
  EXPECT_EQ(bad.size(), 1u);
}

TEST(OptionTableTest, AThresholdBelowOneSecondIsTheDefault) {
  std::vector<BadOption> bad;
  for (const char* value : {"0", "-3"}) {
    const LiveOptions read =
        read_options({{"consumer.dlq_by_age_threshold_seconds", value}}, kScope, LiveOptions(), LiveOptions(), bad);
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

TEST(PythonTextTest, ValuesAreTypedAsPythonDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"007", "7"},
      {"1e3", "1000.0"},
      {" 5 ", "5"},
      {"1_000", "1000"},
      {"inf", "inf"},
      {"-Infinity", "-inf"},
      {"NaN", "nan"},
      {"+7", "7"},
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"\t12\n", "12"},
      {"1__0", "1__0"},
      {"_1", "_1"},
      {"1_", "1_"},
      {"1_0.5", "10.5"},
      {"1e16", "1e+16"},
      {"123456789012345678", "123456789012345678"},
      {"00000000000000000000000000000000000000012", "12"},
      {"1e15", "1000000000000000.0"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {".5", "0.5"},
      {"5.", "5.0"},
      {"1e999", "inf"},
      {"1e-999", "0.0"},
      {"0x10", "0x10"},
      {"", ""},
      {"  ", "  "},
      {"in_order", "in_order"},
      {"true", "true"},
      {"1 2", "1 2"},
      {"e5", "e5"},
      {"--1", "--1"},
      {"infi", "infi"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(python_text(text), expected) << text;
}

TEST(ValuesFileTest, DictionariesBecomeKeys) {
  const auto read = parse_values(R"({"generated_at": "x", "options": {
      "clickhouse_load_balancing": {"errors": "random", "replays": "in_order"},
      "clickhouse_write_retry_policy": {"errors": {"max_retries": 3, "jitter_factor": 0.5, "nothing": null}},
      "kafka_consumer_periodic_restart": {"g": true},
      "kafka_consumer_periodic_restart_interval_secs": {"g": 5},
      "quantized_rebalance_consumer_group_delay_secs": {"g": 30},
      "consumer.dlq_by_age_sample_rate_by_storage": {"errors": 1},
      "experimental_healthcheck": false,
      "generic_metrics_use_case_killswitch": "custom"}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (RawOptions{{"clickhouse_load_balancing:errors", "random"},
                               {"clickhouse_load_balancing:replays", "in_order"},
                               {"clickhouse_write_retry_policy:errors.max_retries", "3"},
                               {"clickhouse_write_retry_policy:errors.jitter_factor", "0.5"},
                               {"kafka_consumer_periodic_restart__g", "true"},
                               {"kafka_consumer_periodic_restart_interval_secs__g", "5"},
                               {"quantized_rebalance_consumer_group_delay_secs__g", "30"},
                               {"consumer.dlq_by_age_sample_rate_by_storage:errors", "1"},
                               {"experimental_healthcheck", "false"},
                               {"generic_metrics_use_case_killswitch", "custom"}}));
  for (const char* bad : {"", "{", "[]", "{}", R"({"options": []})"}) EXPECT_FALSE(parse_values(bad)) << bad;
}

TEST(ValuesFileTest, HoweverDeepAValueIsItEndsNothing) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  const auto read = parse_values(R"({"options": {"a": )" + deep + R"(, "b": {"c": )" + deep + R"(, "d": 1}}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("b:d"), "1");
}

TEST(ValuesFileTest, AFileThatIsNotThereIsEmpty) {
  const auto read = open_values_file("/nowhere/values.json")->read();
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

// Says what it is told.
class ToldSource final : public OptionSource {
 public:
  explicit ToldSource(const Result<RawOptions>& answer) : answer_(answer) {}
  Result<RawOptions> read() override { return answer_; }
  std::string describe() const override { return "told"; }

 private:
  const Result<RawOptions>& answer_;
};

TEST(LayeredSourceTest, TheUpperStoreWinsByKeyAndOneThatIsDownKeepsWhatItSaid) {
  Result<RawOptions> upper = RawOptions{{"a", "1"}, {"b", "1"}};
  Result<RawOptions> lower = RawOptions{{"b", "2"}, {"c", "2"}};
  LayeredSource both(std::make_unique<ToldSource>(upper), std::make_unique<ToldSource>(lower));
  EXPECT_EQ(both.read().value(), (RawOptions{{"a", "1"}, {"b", "1"}, {"c", "2"}}));
  EXPECT_FALSE(both.degraded());
  upper = failure(ErrorKind::Retry, "down");
  lower = RawOptions{{"c", "3"}};
  EXPECT_EQ(both.read().value(), (RawOptions{{"a", "1"}, {"b", "1"}, {"c", "3"}}));
  ASSERT_TRUE(both.degraded());
  EXPECT_EQ(both.degraded()->text, "down");
  lower = failure(ErrorKind::Retry, "gone");
  EXPECT_FALSE(both.read());
  upper = RawOptions();
  lower = RawOptions();
  EXPECT_TRUE(both.read()->empty());
  EXPECT_FALSE(both.degraded());
}

TEST(ReadNowTest, SaysWhatTheStoreSaysOrWhatWasThere) {
  class Store final : public OptionSource {
   public:
    Result<RawOptions> read() override {
      if (down) return failure(ErrorKind::Retry, "down");
      return RawOptions{{"eap_items_emit_received_at", "true"}, {"freshet_max_batch_size", "ten"}};
    }
    std::string describe() const override { return "test"; }
    bool down = false;
  } store;
  LiveOptions initial;
  initial.max_batch_rows = 7;
  EXPECT_TRUE(read_now(store, kScope, initial).processors.eap_emit_received_at);
  EXPECT_EQ(read_now(store, kScope, initial).max_batch_rows, 7u);
  store.down = true;
  EXPECT_EQ(read_now(store, kScope, initial), initial);
}

TEST(OptionTableTest, ABadValueKeepsTheOneInForce) {
  LiveOptions base;
  std::vector<BadOption> bad;
  const LiveOptions last = read_options({{"freshet_max_batch_size", "10"}}, kScope, base, base, bad);
  const LiveOptions next =
      read_options({{"freshet_max_batch_size", "ten"}, {"freshet_dead_letter_burst", "7"}}, kScope, base, last, bad);
  EXPECT_EQ(bad.size(), 1u);
  EXPECT_EQ(next.max_batch_rows, 10u);
  EXPECT_EQ(next.dead_letter_burst, 7u);
  // A key that is gone goes back to the start value, also beside a bad one.
  bad.clear();
  const LiveOptions gone = read_options({{"freshet_max_batch_size", "ten"}}, kScope, base, next, bad);
  EXPECT_EQ(gone.max_batch_rows, 10u);
  EXPECT_EQ(gone.dead_letter_burst, base.dead_letter_burst);
}

struct RenewalKeys {
  RenewalOptions read(const RawOptions& raw, const RenewalOptions& start = {}) {
    LiveOptions base;
    base.renewal = start;
    bad.clear();
    last = read_options(raw, kScope, base, last, bad);
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

// FRESHET_WRITE_DOCS=1 writes the page anew.
TEST(OptionTableTest, TheDocumentedOptionsAreThoseOfTheTable) {
  const std::string path = std::string(FRESHET_SOURCE_DIR) + "/docs/runtime-options.md";
  if (std::getenv("FRESHET_WRITE_DOCS") != nullptr) std::ofstream(path) << to_markdown();
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), to_markdown()) << "run runtime_config_test with FRESHET_WRITE_DOCS=1";
}

TEST(StoresTest, FilesAreYamlOrJson) {
  EXPECT_EQ(parse_options("a: 1\nb: {c: 2}\n")->at("a"), "1");
  EXPECT_EQ(parse_options(R"({"a": "x"})")->at("a"), "x");
  EXPECT_TRUE(parse_options("")->empty());
  EXPECT_FALSE(parse_options("[1]"));
  EXPECT_NE(parse_options("a: [").error().text.find("line"), std::string::npos);
}

TEST(StoresTest, FixedValuesWinAndAreThereWhileTheStoreIsNot) {
  RuntimeConfigSettings settings = settings_of("redis://127.0.0.1:1/1");
  settings.fixed = {{"a", "1"}};
  const auto store = open_store(settings);
  ASSERT_TRUE(store);
  EXPECT_EQ(*(*store)->read(), (RawOptions{{"a", "1"}}));
  EXPECT_TRUE((*store)->degraded());
}

TEST(StoresTest, TlsIsRefusedWithAWayOut) {
  const auto store = open_store(settings_of("rediss://h:1/1"));
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().text.find("file:PATH"), std::string::npos);
}

TEST(StoresTest, UserAndPasswordOfTheUrlArePercentDecoded) {
  std::mutex mutex;
  std::string seen;
  testkit::LoopbackServer server([&](const testkit::Fd& connection, const testkit::StopFlag& stop) {
    for (std::string command; testkit::receive(connection, stop, command); command.clear()) {
      const std::lock_guard lock(mutex);
      seen += command;
      testkit::send_all(connection, stop, "-ERR not now\r\n");
    }
  });
  const auto store =
      open_store(settings_of("redis://m%65:p%40s%3As%2F%25@127.0.0.1:" + std::to_string(server.port()) + "/0"));
  ASSERT_TRUE(store) << store.error().text;
  EXPECT_FALSE((*store)->read());
  const std::lock_guard lock(mutex);
  EXPECT_NE(seen.find("\r\nme\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\np@s:s/%\r\n"), std::string::npos) << seen;
}

// A node of a cluster, which names another for the hash, and that one, which has it.
TEST(StoresTest, AClusterIsFollowedToTheOwnerOfTheHash) {
  const auto node = [](std::string answer) {
    return [answer](const testkit::Fd& connection, const testkit::StopFlag& stop) {
      for (std::string command; testkit::receive(connection, stop, command); command.clear()) {
        const bool select = command.find("SELECT") != std::string::npos;
        testkit::send_all(connection, stop, select ? "+OK\r\n" : answer);
      }
    };
  };
  testkit::LoopbackServer owner(node("*2\r\n$1\r\na\r\n$1\r\n7\r\n"));
  testkit::LoopbackServer asked(node("-MOVED 5 127.0.0.1:" + std::to_string(owner.port()) + "\r\n"));
  const auto store = open_store(settings_of("redis://127.0.0.1:" + std::to_string(asked.port()) + "/0"));
  ASSERT_TRUE(store);
  for (int i = 0; i < 2; ++i) {
    const auto read = (*store)->read();
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, (RawOptions{{"a", "7"}}));
  }
}

TEST(StoresTest, WrongAddressesAreRefused) {
  for (const char* store : {"", "nonsense", "file:", "redis://", "redis://h:x/1", "redis://h:1/x", "rediss://h:1/1"}) {
    EXPECT_FALSE(open_store(settings_of(store))) << store;
  }
  const auto store = open_store(settings_of("redis://:secret@127.0.0.1:1/3"));
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->describe(), "redis://127.0.0.1:1/3 h");
  EXPECT_FALSE((*store)->read());
}

// Answers as told, from another thread.
class SlowStore final : public OptionSource {
 public:
  Result<RawOptions> read() override {
    MutexLock lock(mutex_);
    ++reads_;
    if (!answer_) return failure(ErrorKind::Retry, "not yet");
    return *answer_;
  }
  std::optional<Error> degraded() const override {
    MutexLock lock(mutex_);
    if (!partly_) return std::nullopt;
    return Error{ErrorKind::Retry, 0, "a part"};
  }
  std::string describe() const override { return "slow"; }
  void answer(RawOptions options, bool partly = false) {
    MutexLock lock(mutex_);
    answer_ = std::move(options);
    partly_ = partly;
  }
  int reads() const {
    MutexLock lock(mutex_);
    return reads_;
  }

 private:
  mutable Mutex mutex_;
  std::optional<RawOptions> answer_ GUARDED_BY(mutex_);
  bool partly_ GUARDED_BY(mutex_) = false;
  int reads_ GUARDED_BY(mutex_) = 0;
};

TEST(OptionsWatcherTest, WhoNeedsTheFirstAnswerWaitsForItAndItIsAppliedByThen) {
  RealClock clock;
  Metrics metrics;
  auto store = std::make_unique<SlowStore>();
  SlowStore& says = *store;
  Snapshot<LiveOptions> applied{LiveOptions()};
  OptionsWatcher watcher(
      std::move(store), std::chrono::milliseconds(2), kScope, LiveOptions(),
      [&](const LiveOptions& options) { applied.set(options); }, clock, null_log(), metrics);
  const auto wait = [&](std::chrono::milliseconds limit, std::stop_token stop = {}) {
    return watcher.wait_for_answer(clock.steady_now() + limit, stop);
  };
  EXPECT_FALSE(wait(std::chrono::milliseconds(20))) << "bounded";
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(wait(std::chrono::hours(1), stop.get_token())) << "and interruptible";
  says.answer({{"freshet_max_batch_size", "9"}}, true);
  while (applied.get()->max_batch_rows != 9) std::this_thread::yield();
  EXPECT_FALSE(wait(std::chrono::milliseconds(20))) << "a part of the store is no answer";
  says.answer({{"freshet_max_batch_size", "10"}});
  EXPECT_TRUE(wait(std::chrono::hours(1)));
  EXPECT_EQ(applied.get()->max_batch_rows, 10u);
}

TEST(OptionsWatcherTest, TheFirstAnswerIsToldAlsoWhenItSaysNothing) {
  RealClock clock;
  Metrics metrics;
  auto store = std::make_unique<SlowStore>();
  store->answer({});
  std::atomic<int> told = 0;
  OptionsWatcher watcher(
      std::move(store), std::chrono::milliseconds(2), kScope, LiveOptions(), [&](const LiveOptions&) { ++told; }, clock,
      null_log(), metrics);
  EXPECT_TRUE(watcher.wait_for_answer(clock.steady_now() + std::chrono::hours(1), {}));
  EXPECT_EQ(told.load(), 1);
}

TEST(OptionsWatcherTest, AChangedFileIsSeenAndABrokenOneChangesNothing) {
  const auto path = std::filesystem::temp_directory_path() / ("freshet-options-" + std::to_string(getpid()));
  const auto write = [&](const std::string& text) {
    std::ofstream(path.string() + ".new") << text;
    std::filesystem::rename(path.string() + ".new", path);
  };
  write("freshet_max_batch_size: 10\n");
  RealClock clock;
  Metrics metrics;
  Mailbox<LiveOptions> changes(10);
  {
    OptionsWatcher watcher(
        *open_store(settings_of("file:" + path.string())), std::chrono::milliseconds(5), kScope, LiveOptions(),
        [&](LiveOptions options) { changes.push(options); }, clock, null_log(), metrics);
    EXPECT_EQ(changes.pop()->max_batch_rows, 10u);
    write("freshet_max_batch_size: [");
    while (metrics.gauge("freshet_runtime_config_up", "").value() != 0) std::this_thread::yield();
    EXPECT_EQ(watcher.current().max_batch_rows, 10u);
    write("freshet_max_batch_size: 12\nfreshet_log_level: loud\n");
    EXPECT_EQ(changes.pop()->max_batch_rows, 12u);
    EXPECT_EQ(metrics.counter("freshet_runtime_config_refused_total", "", {{"key", "freshet_log_level"}}).value(), 1u);
    write("");
    EXPECT_EQ(changes.pop()->max_batch_rows, LiveOptions().max_batch_rows);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace freshet::runtime_config
