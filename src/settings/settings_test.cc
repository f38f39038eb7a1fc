// Loading from flags, environment and file; help and docs.
#include "settings/settings_test.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "settings/commands.h"
#include "settings/table.h"

namespace freshet::settings {
namespace {

TEST(SettingsTest, FlagsFillTheSettings) {
  const Pipeline p = good(least({"--max-batch-size=10", "--strict-offset-reset", "--set", "kafka.fetch.min.bytes=7",
                                 "--clickhouse-url", "https://d:1", "--clickhouse-setting", "a=b=c", "--json-field",
                                 "x=y", "--stop-at-timestamp", "2026-09-21T14:13:20Z"}))
                         .settings.pipeline;
  EXPECT_EQ(p.kafka.connection.bootstrap_servers, "h:9092");
  EXPECT_EQ(p.options.max_batch_rows, 10u);
  EXPECT_TRUE(p.kafka.strict_offset_reset);
  EXPECT_EQ(p.kafka.connection.extra.at("fetch.min.bytes"), "7");
  EXPECT_EQ(p.clickhouse.urls.size(), 2u);
  EXPECT_EQ(p.clickhouse.insert_settings.at("a"), "b=c");
  EXPECT_EQ(p.processors.json.fields.at("x"), "y");
  EXPECT_EQ(p.stream.stop_at_timestamp_ms, 1'790'000'000'000);
  EXPECT_EQ(p.stream.drain_timeout.count(), 8000);
}

TEST(SettingsTest, RenewalIsOffUntilAskedForAndEverySettingOfItIsRead) {
  const Settings plain = good(least()).settings;
  EXPECT_EQ(plain.pipeline.options.renewal, RenewalOptions());
  EXPECT_TRUE(plain.pipeline.kafka.generate_instance_id);
  EXPECT_EQ(plain.supervisor.renew_jitter, 0.1);
  const File token("t0ken\n");
  const Settings s = good(least({"--renew", "--renew-interval", "5", "--renew-jitter", "25",
                                 "--quantized-rebalance-consumer-group-delay-secs", "30", "--progress-timeout", "7",
                                 "--no-static-membership", "--admin-token-file", token.path}))
                         .settings;
  const RenewalOptions expected{true, std::chrono::seconds(5), std::chrono::seconds(30), std::chrono::seconds(7)};
  EXPECT_EQ(s.pipeline.options.renewal, expected);
  EXPECT_FALSE(s.pipeline.kafka.generate_instance_id);
  EXPECT_EQ(s.supervisor.renew_jitter, 0.25);
  EXPECT_EQ(s.admin.token.reveal(), "t0ken");
  EXPECT_EQ(s.telemetry.secrets, std::vector<std::string>{"t0ken"});
}

TEST(SettingsTest, RenewAsksARunningProcess) {
  const auto loaded = load("renew", {"--admin", "h:8080"}, {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.admin_addresses, std::vector<std::string>{"h:8080"});
  EXPECT_FALSE(load("renew", {}, {}));
  EXPECT_EQ(load("renew", {"--admin", "[::1]:8080"}, {})->settings.admin_addresses.front(), "[::1]:8080");
  EXPECT_FALSE(load("renew", {"--admin", "h:1", "--admin", "h:2"}, {}));
  EXPECT_EQ(load("top", {"--admin", "h:1", "--admin", "h:2"}, {})->settings.admin_addresses.size(), 2u);
  for (const char* wrong : {"h", "http://h:1", "h:1,h:2", "user:secret@h:1", "h:0", "h:99999", "h:1/x", "a b:1", ""}) {
    EXPECT_FALSE(load("renew", {"--admin", wrong}, {})) << wrong;
  }
  EXPECT_FALSE(load("renew", {"--admin", "h:1", "--topic", "t"}, {}));
}

TEST(SettingsTest, ProcessShowsTheRowsOfEitherGenerationInEitherFormat) {
  const auto plain = load("process", {"--processor", "EAPItemsProcessor"}, {});
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->settings.pipeline.processors.june);
  EXPECT_FALSE(plain->settings.pipeline.processors.row_binary);
  const auto other = load("process", {"--processor", "EAPItemsProcessor", "--compat=june", "--use-row-binary"}, {});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->settings.pipeline.processors.june);
  EXPECT_TRUE(other->settings.pipeline.processors.row_binary);
}

TEST(SettingsTest, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  const File file("max_batch_size: 3\nmax_batch_time_ms: 30\nconcurrency: 4\n");
  const Loaded loaded =
      good(least({"--config", file.path, "--max-batch-size", "1"}),
           {{"FRESHET_MAX_BATCH_SIZE", "2"}, {"FRESHET_MAX_BATCH_TIME_MS", "20"}, {"FRESHET_CONCURRENCY", ""}});
  const Pipeline& p = loaded.settings.pipeline;
  EXPECT_EQ(p.options.max_batch_rows, 1u);
  EXPECT_EQ(p.options.max_batch_time.count(), 20);
  EXPECT_EQ(p.stream.concurrency, 4u);
  const std::string yaml = to_yaml(loaded);
  EXPECT_NE(yaml.find("max_batch_size: 1"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("# environment"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("# file " + file.path + ":3"), std::string::npos) << yaml;
}

TEST(SettingsTest, TheFileMayHoldOnePipelineAndListsAndMaps) {
  const File file(
      "bootstrap_server: h:1\npipelines:\n  - topic: t\n    consumer_group: g\n    table: x\n"
      "    clickhouse_url: [http://a:1, http://b:1]\n    clickhouse_setting: {k: v}\n");
  const Pipeline p = good({"--config", file.path}).settings.pipeline;
  EXPECT_EQ(p.clickhouse.urls, (std::vector<std::string>{"http://a:1", "http://b:1"}));
  EXPECT_EQ(p.clickhouse.insert_settings.at("k"), "v");
  const File two("pipelines: [{topic: a}, {topic: b}]\n");
  EXPECT_NE(refused({"--config", two.path}).find("a list of one map"), std::string::npos);
}

// A valid value of each setting; most accept any text.
std::string value_of(const Setting& setting, const std::string& file) {
  const std::map<std::string_view, std::string> values = {{"config", file},
                                                          {"bootstrap-server", "h:9092"},
                                                          {"stop-at-timestamp", "2026-11-23T10:00:00Z"},
                                                          {"kafka-sasl-mechanism", "PLAIN"},
                                                          {"set", "kafka.fetch.min.bytes=1"},
                                                          {"clickhouse-url", "http://h:8123"},
                                                          {"context-not-stored", "1=c"},
                                                          {"json-header-column", "h=c"},
                                                          {"clickhouse-setting", "a=b"},
                                                          {"health-check-file", "/tmp/freshet-alive"},
                                                          {"runtime-config", "file:" + file},
                                                          {"statsd", "udp://h:1"},
                                                          {"sentry-dsn", "https://k@h/1"},
                                                          {"secret-command-interval", "60"}};
  const auto found = values.find(setting.name);
  if (found != values.end()) return found->second;
  if (const std::string fallback = default_of(setting); !fallback.empty()) return fallback;
  if (setting.placeholder.starts_with("FILE")) return file;
  return std::string(setting.placeholder.substr(0, setting.placeholder.find('|')));
}

TEST(SettingsTest, CheckAndTapAcceptEveryOptionOfRun) {
  const File file("log_level: info\n");
  for (const char* command : {"check", "tap"}) {
    for (const Setting& setting : table()) {
      if ((setting.commands & kRun) == 0) continue;
      Args args = least();
      const auto given = std::find(args.begin(), args.end(), flag_of(setting));
      if (given != args.end()) args.erase(given, given + 2);
      args.push_back(flag_of(setting));
      if (!setting.placeholder.empty()) args.push_back(value_of(setting, file.path));
      const auto loaded = load(command, args, {});
      std::string refusals;
      if (!loaded) {
        for (const std::string& refusal : loaded.error()) refusals += refusal + "\n";
      }
      EXPECT_EQ(refusals.find("has no use"), std::string::npos) << command << ": " << refusals;
      EXPECT_EQ(refusals.find("unknown"), std::string::npos) << command << ": " << refusals;
      // The command may refuse only what `run` refuses for the same arguments.
      EXPECT_EQ(loaded.has_value() || !load("run", args, {}), true)
          << command << " " << setting.name << ": " << refusals;
    }
    EXPECT_TRUE(load(command, least({"--admin-listen", "127.0.0.1:8080", "--create-topics", "--renew"}), {}));
  }
}

TEST(SettingsTest, HelpTeachesEverySettingOfItsCommand) {
  for (const std::string command : {"run", "check", "tap", "process", "renew"}) {
    const std::string text = help(command);
    EXPECT_NE(text.find("freshet " + command), std::string::npos);
  }
  for (const Setting& setting : table()) {
    if ((setting.commands & kRun) == 0) continue;
    EXPECT_NE(help("run").find(flag_of(setting)), std::string::npos) << setting.name;
  }
}

// A default is defined once, by the struct that holds the value.
TEST(SettingsTest, EveryDefaultIsOneThatTheSettingTakes) {
  for (const Setting& setting : table()) {
    const std::string fallback = default_of(setting);
    Settings settings;
    if (fallback.empty()) continue;
    EXPECT_TRUE(apply(setting, settings, fallback)) << setting.name << " " << fallback;
  }
  EXPECT_EQ(default_of(*find_setting("max-batch-time-ms")), std::to_string(LiveOptions().max_batch_time.count()));
  EXPECT_EQ(good(least()).settings.pipeline.options, LiveOptions());
  EXPECT_EQ(good(least()).settings.pipeline.kafka.memory_limit, stream::StreamSettings().memory_limit);
}

TEST(SettingsTest, AnUnknownCommandIsAnError) {
  EXPECT_THROW(load("dance", {}, {}), std::invalid_argument);
  EXPECT_THROW(help("dance"), std::invalid_argument);
}

// FRESHET_WRITE_DOCS=1 rewrites the page.
TEST(SettingsTest, TheDocumentedSettingsAreThoseOfTheTable) {
  const std::string path = std::string(FRESHET_SOURCE_DIR) + "/docs/settings.md";
  if (std::getenv("FRESHET_WRITE_DOCS") != nullptr) std::ofstream(path) << to_markdown();
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), to_markdown()) << "run settings_test with FRESHET_WRITE_DOCS=1";
}

}  // namespace
}  // namespace freshet::settings
