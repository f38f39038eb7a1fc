#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/mailbox.h"
#include "runtime_config/options_watcher.h"
#include "runtime_config/stores.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {
namespace {

const OptionScope kScope{"my-group"};

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
  for (const LiveOption& option : table()) {
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
  for (const char* wrong : {"", "0", "-5", "5s", "1e3", "5.0", "99999999999999999999"}) {
    EXPECT_EQ(keys.read({{kInterval, wrong}}, started).interval.count(), 900) << wrong;
  }
  for (const char* wrong : {"", "-1", "ten", "1.5", "99999999999999999999"}) {
    EXPECT_EQ(keys.read({{kTick, wrong}}, started).tick.count(), 9) << wrong;
  }
  EXPECT_EQ(keys.read({{kTick, "0"}}, started).tick.count(), 0);
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

TEST(StoresTest, WrongAddressesAreRefused) {
  for (const char* store : {"", "nonsense", "file:", "redis://", "redis://h:x/1", "redis://h:1/x", "rediss://h:1/1"}) {
    EXPECT_FALSE(open_store(settings_of(store))) << store;
  }
  const auto store = open_store(settings_of("redis://:secret@127.0.0.1:1/3"));
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->describe(), "redis://127.0.0.1:1/3 h");
  EXPECT_FALSE((*store)->read());
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
