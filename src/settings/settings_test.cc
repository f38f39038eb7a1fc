#include "settings/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "settings/table.h"

namespace freshet::settings {
namespace {

using Args = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

Args least(Args more = {}) {
  Args args = {"--bootstrap-server", "h:9092",        "--topic", "t",  "--consumer-group", "g",
               "--clickhouse-url",   "http://c:8123", "--table", "d.t"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

struct File {
  explicit File(const std::string& text)
      : path((std::filesystem::temp_directory_path() /
              ("freshet-settings-" + std::to_string(getpid()) + "-" + std::to_string(++made)))
                 .string()) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
  }
  ~File() { std::filesystem::remove(path); }
  static inline int made = 0;
  const std::string path;
};

Loaded good(const Args& args, const Environment& environment = {}) {
  auto loaded = load("run", args, environment);
  if (!loaded) {
    for (const auto& refusal : loaded.error()) ADD_FAILURE() << refusal;
    return {};
  }
  return *loaded;
}

std::string refused(const Args& args, const Environment& environment = {}) {
  const auto loaded = load("run", args, environment);
  if (loaded) return "";
  std::string all;
  for (const auto& refusal : loaded.error()) all += refusal + "\n";
  return all;
}

TEST(SettingsTest, FlagsFillTheSettings) {
  const Pipeline p = good(least({"--max-batch-size=10", "--strict-offset-reset", "--set", "kafka.fetch.min.bytes=7",
                                 "--clickhouse-url", "https://d:1", "--clickhouse-setting", "a=b=c", "--json-field",
                                 "x=y", "--stop-at-timestamp", "2026-09-21T14:13:20Z"}))
                         .settings.pipelines.front();
  EXPECT_EQ(p.kafka.connection.bootstrap_servers, "h:9092");
  EXPECT_EQ(p.options.max_batch_rows, 10u);
  EXPECT_TRUE(p.kafka.strict_offset_reset);
  EXPECT_EQ(p.kafka.connection.extra.at("fetch.min.bytes"), "7");
  EXPECT_EQ(p.clickhouse.urls.size(), 2u);
  EXPECT_EQ(p.clickhouse.insert_settings.at("a"), "b=c");
  EXPECT_EQ(p.processors.json.fields.at("x"), "y");
  EXPECT_EQ(p.stream.stop_at_timestamp_ms, 1'790'000'000'000);
  EXPECT_EQ(p.kafka.drain_timeout.count(), 8000);
  EXPECT_EQ(p.stream.drain_timeout.count(), 8000);
}

TEST(SettingsTest, RenewalIsOffUntilAskedForAndEverySettingOfItIsRead) {
  const Settings plain = good(least()).settings;
  EXPECT_EQ(plain.pipelines.front().options.renewal, RenewalOptions());
  EXPECT_TRUE(plain.pipelines.front().kafka.draw_instance_id);
  EXPECT_EQ(plain.supervisor.renew_jitter, 0.1);
  const File token("t0ken\n");
  const Settings s = good(least({"--renew", "--renew-interval", "5", "--renew-jitter", "25",
                                 "--quantized-rebalance-consumer-group-delay-secs", "30", "--progress-timeout", "7",
                                 "--no-static-membership", "--admin-token-file", token.path}))
                         .settings;
  const RenewalOptions expected{true, std::chrono::seconds(5), std::chrono::seconds(30), std::chrono::seconds(7)};
  EXPECT_EQ(s.pipelines.front().options.renewal, expected);
  EXPECT_FALSE(s.pipelines.front().kafka.draw_instance_id);
  EXPECT_EQ(s.supervisor.renew_jitter, 0.25);
  EXPECT_EQ(s.admin.token, "t0ken");
  EXPECT_EQ(s.telemetry.secrets, std::vector<std::string>{"t0ken"});
}

TEST(SettingsTest, RenewAsksARunningProcess) {
  const auto loaded = load("renew", {"--admin", "h:8080"}, {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.renew_at, "h:8080");
  EXPECT_FALSE(load("renew", {}, {}));
  EXPECT_EQ(load("renew", {"--admin", "[::1]:8080"}, {})->settings.renew_at, "[::1]:8080");
  for (const char* wrong : {"h", "http://h:1", "h:1,h:2", "user:secret@h:1", "h:0", "h:99999", "h:1/x", "a b:1", ""}) {
    EXPECT_FALSE(load("renew", {"--admin", wrong}, {})) << wrong;
  }
  EXPECT_FALSE(load("renew", {"--admin", "h:1", "--topic", "t"}, {}));
}

TEST(SettingsTest, ProcessShowsTheRowsOfEitherGenerationInEitherFormat) {
  const auto plain = load("process", {"--processor", "EAPItemsProcessor"}, {});
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->settings.pipelines.front().processors.june);
  EXPECT_FALSE(plain->settings.pipelines.front().processors.row_binary);
  const auto other = load("process", {"--processor", "EAPItemsProcessor", "--compat=june", "--use-row-binary"}, {});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->settings.pipelines.front().processors.june);
  EXPECT_TRUE(other->settings.pipelines.front().processors.row_binary);
}

Args with_table(const std::string& name) {
  Args args = least();
  std::replace(args.begin(), args.end(), std::string("d.t"), name);
  return args;
}

TEST(SettingsTest, ATableNameWithADotOrABackquoteStandsInBackquotes) {
  EXPECT_EQ(good(with_table("pb.`a.b`")).settings.pipelines.front().clickhouse.table, "pb.`a.b`");
  good(with_table("`a``b`"));
  for (const char* wrong : {"`a`b`", "a`b", "db.", ".t", "a.b.c", "`a"}) {
    const std::string refusal = refused(with_table(wrong));
    EXPECT_NE(refusal.find(std::string("--table: '") + wrong + "' is not of the form TABLE or DB.TABLE"),
              std::string::npos)
        << refusal;
    EXPECT_NE(refusal.find("in backquotes"), std::string::npos) << refusal;
  }
  Args args = with_table("`a.b`");
  args.insert(args.end(), {"--clickhouse-database", "pb"});
  good(args);  // a dot in a name is no database
}

TEST(SettingsTest, AnInsertSettingThatContradictsIsRefusedOrWarnedOf) {
  const auto warnings = [](const char* setting) {
    return good(least({"--dead-letter-topic", "d", "--clickhouse-setting", setting})).warnings;
  };
  for (const char* setting :
       {"async_insert=1", "wait_for_async_insert=0", "insert_distributed_sync=0", "distributed_foreground_insert=0",
        "insert_deduplicate=0", "deduplicate_insert=disable", "deduplicate_blocks_in_dependent_materialized_views=0",
        "input_format_allow_errors_num=5", "input_format_allow_errors_ratio=0.1"}) {
    const auto found = warnings(setting);
    ASSERT_EQ(found.size(), 1u) << setting;
    EXPECT_NE(found[0].find(setting), std::string::npos) << found[0];
  }
  for (const char* setting : {"async_insert=0", "insert_deduplicate=1", "min_insert_block_size_bytes=0",
                              "min_insert_block_size_rows=1048449", "max_insert_block_size=2000000", "max_threads=1"}) {
    EXPECT_TRUE(warnings(setting).empty()) << setting;
  }
}

// Wherever a value is shown, and however it was given: right, wrong, or where it does not belong.
TEST(SettingsTest, ASecretIsShownNowhere) {
  const File dsn("https://hunter2@sentry.example/1");
  const File key("hunter2\n");
  const std::vector<Args> right = {
      {"--set", "kafka.sasl.password=hunter2"},
      {"--set", "kafka.ssl.key.password=hunter2"},
      {"--set-file", "kafka.sasl.oauthbearer.client.secret=" + key.path},
      {"--clickhouse-setting", "s3_secret_access_key=hunter2"},
      {"--sentry-dsn", "https://hunter2@sentry.example/1"},
      {"--sentry-dsn-file", dsn.path},
      {"--runtime-config", "redis://:hunter2@127.0.0.1:1/0"},
      {"--runtime-config", "redis://127.0.0.1:1/0", "--runtime-config-password-file", key.path}};
  for (const Args& more : right) {
    Args args = least({"--dead-letter-topic", "d"});
    args.insert(args.end(), more.begin(), more.end());
    const Loaded loaded = good(args);
    EXPECT_EQ(to_yaml(loaded).find("hunter2"), std::string::npos) << more[0];
    const auto& secrets = loaded.settings.telemetry.secrets;
    EXPECT_TRUE(std::any_of(secrets.begin(), secrets.end(), [](const std::string& s) {
      return s == "hunter2" || s == "https://hunter2@sentry.example/1";
    })) << more[0];
    for (const std::string& warning : loaded.warnings) EXPECT_EQ(warning.find("hunter2"), std::string::npos) << warning;
  }
  const std::vector<Args> wrong = {{"--clickhouse-setting", "password=hunter2"},
                                   {"--clickhouse-setting", "password:hunter2"},
                                   {"--set", "sasl.password=hunter2"},
                                   {"--set", "kafka.sasl.password hunter2"},
                                   {"--sentry-dsn", "hunter2"},
                                   {"--sentry-dsn-file", key.path},
                                   {"--runtime-config", "rediss://:hunter2@h:1/0"},
                                   {"--clickhouse-url", "http://u:hunter2@h:1"}};
  for (const Args& more : wrong) {
    Args args = least();
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_EQ(refused(args).find("hunter2"), std::string::npos) << refused(args);
  }
}

// No header and no login carries these: the first request would fail, and every one after it.
TEST(SettingsTest, ASecretIsOneLine) {
  for (const std::string& secret : {std::string("a\nb"), std::string("a\rb\n"), std::string("a\0b", 3)}) {
    const File file(secret);
    for (const char* flag : {"--admin-token-file", "--clickhouse-password-file"}) {
      EXPECT_NE(refused(least({flag, file.path})).find("holds a line break"), std::string::npos) << flag << secret;
    }
    EXPECT_TRUE(load("run", least({"--set-file", "kafka.ssl.key.pem=" + file.path}), {})) << secret;
  }
  EXPECT_NE(refused(least({}), {{"FRESHET_CLICKHOUSE_PASSWORD", "hush\n"}}).find("holds a line break"),
            std::string::npos);
  for (const char* token : {" hush", "hush ", "h ush", "h\xc3\xbcsh", "hush\t"}) {
    const std::string refusal = refused(least({}), {{"FRESHET_ADMIN_TOKEN", token}});
    EXPECT_NE(refusal.find("openssl rand -hex 32"), std::string::npos) << token;
    EXPECT_EQ(refusal.find("ush"), std::string::npos) << refusal;
    EXPECT_FALSE(load("renew", {"--admin", "h:1"}, {{"FRESHET_ADMIN_TOKEN", token}})) << token;
  }
}

TEST(SettingsTest, ASecretThatOthersCouldReadIsWarnedOf) {
  const File token("t0ken");
  const auto warnings = [](Args more) {
    more.insert(more.end(), {"--dead-letter-topic", "d"});
    std::string all;
    for (const std::string& warning : good(least(more)).warnings) all += warning + "\n";
    return all;
  };
  EXPECT_EQ(warnings({"--admin-token-file", token.path}), "");
  std::filesystem::permissions(token.path, std::filesystem::perms(0644));
  EXPECT_NE(warnings({"--admin-token-file", token.path}).find("can be read by every user; chmod 600"),
            std::string::npos);
  EXPECT_NE(warnings({"--set-file", "kafka.ssl.key.password=" + token.path}).find("can be read by"), std::string::npos);
  EXPECT_NE(warnings({"--sentry-dsn", "https://k@s/1"}).find("use --sentry-dsn-file"), std::string::npos);
  EXPECT_NE(warnings({"--runtime-config", "redis://:p@h:1/0"}).find("use --runtime-config-password-file"),
            std::string::npos);
  EXPECT_NE(warnings({"--set", "kafka.ssl.key.password=x"}).find("use --set-file"), std::string::npos);
  EXPECT_EQ(warnings({"--set", "kafka.fetch.min.bytes=1", "--runtime-config", "redis://h:1/0"}), "");
}

TEST(SettingsTest, AnAdminAddressForEverybodyWantsAToken) {
  const File token("t0ken");
  for (const char* open : {"0.0.0.0:8080", "[::]:8080", "10.0.0.1:1", "*:8080", "127.evil.example:1"}) {
    const auto warnings = good(least({"--admin-listen", open, "--dead-letter-topic", "d"})).warnings;
    ASSERT_EQ(warnings.size(), 1u) << open;
    EXPECT_NE(warnings[0].find("--admin-token-file"), std::string::npos);
    EXPECT_TRUE(good(least({"--admin-listen", open, "--dead-letter-topic", "d", "--admin-token-file", token.path}))
                    .warnings.empty());
  }
  for (const char* closed : {"127.0.0.1:8080", "[::1]:0", "localhost:1"}) {
    EXPECT_TRUE(good(least({"--admin-listen", closed, "--dead-letter-topic", "d"})).warnings.empty()) << closed;
  }
}

TEST(SettingsTest, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  const File file("max_batch_size: 3\nmax_batch_time_ms: 30\nconcurrency: 4\n");
  const Loaded loaded =
      good(least({"--config", file.path, "--max-batch-size", "1"}),
           {{"FRESHET_MAX_BATCH_SIZE", "2"}, {"FRESHET_MAX_BATCH_TIME_MS", "20"}, {"FRESHET_CONCURRENCY", ""}});
  const Pipeline& p = loaded.settings.pipelines.front();
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
  const Pipeline p = good({"--config", file.path}).settings.pipelines.front();
  EXPECT_EQ(p.clickhouse.urls, (std::vector<std::string>{"http://a:1", "http://b:1"}));
  EXPECT_EQ(p.clickhouse.insert_settings.at("k"), "v");
  const File two("pipelines: [{topic: a}, {topic: b}]\n");
  EXPECT_NE(refused({"--config", two.path}).find("a list of one map"), std::string::npos);
}

TEST(SettingsTest, SecretsAreMaskedAndCollectedForTheLog) {
  const File file("hunter2\n");
  const Loaded loaded = good(
      least({"--clickhouse-user", "u", "--clickhouse-password-file", file.path, "--runtime-config",
             "redis://:s3cr%65t@h:1/1", "--set", "kafka.ssl.key.password=pw", "--set", "kafka.fetch.min.bytes=7"}));
  const std::string yaml = to_yaml(loaded);
  for (const char* secret : {"hunter2", "s3cret", "s3cr%65t", "pw"}) {
    EXPECT_EQ(yaml.find(secret), std::string::npos) << secret;
  }
  EXPECT_NE(yaml.find("set: kafka.ssl.key.password=***,kafka.fetch.min.bytes=7"), std::string::npos) << yaml;
  EXPECT_EQ(yaml.find("print_config"), std::string::npos) << "a file made of it would only print";
  const auto& secrets = loaded.settings.telemetry.secrets;
  for (const char* secret : {"hunter2", "s3cret", "s3cr%65t", "pw"}) {
    EXPECT_NE(std::find(secrets.begin(), secrets.end(), secret), secrets.end()) << secret;
  }
}

TEST(SettingsTest, TopicsAndTablesAreNamedOneByOne) {
  const auto refusal = [](const char* flag, const char* value) {
    Args args = least();
    *(std::find(args.begin(), args.end(), flag) + 1) = value;
    return refused(args);
  };
  EXPECT_NE(refusal("--topic", "a,b").find("start one process for each"), std::string::npos);
  EXPECT_NE(refusal("--topic", "^web-.*").find("looks like a pattern"), std::string::npos);
  EXPECT_NE(refusal("--table", "a.b.c").find("is not of the form TABLE or DB.TABLE"), std::string::npos);
  EXPECT_EQ(refusal("--table", "pb.`a.b`"), "");
  EXPECT_EQ(refusal("--consumer-group", "my group"), "");
  EXPECT_NE(refusal("--consumer-group", "g ").find("white space"), std::string::npos);
  EXPECT_EQ(refusal("--bootstrap-server", "[::1]:9092,kafka-1.example:9093"), "");
}

TEST(SettingsTest, SecretsAreInNoRefusal) {
  const Args attempts[] = {{"--set", "kafka.sasl.password=hush"},
                           {"--set", "sasl.password=hush"},
                           {"--set", "kafka.sasl.pasword=hush"},
                           {"--set=kafka.ssl.key.pasword=hush"},
                           {"--clickhouse-password", "hush"},
                           {"--clickhouse-password=hush"},
                           {"-password=hush"},
                           {"password=hush"},
                           {"--clickhouse-password-file", "hush"},
                           {"--kafka-sasl-password-file", "hush"},
                           {"--admin-token-file", "hush"},
                           {"--kafka-sasl-jaas-config", "hush"},
                           {"--set", "sasl.jaas.config=hush"},
                           {"--set", "sasl.oauthbearer.client.secret=hush"},
                           {"--clickhouse-url", "http://u:hush@h"},
                           {"--bootstrap-server", "u:hush@h:9092"},
                           {"--runtime-config", "rediss://:hush@h:1/0"}};
  for (const Args& attempt : attempts) {
    EXPECT_EQ(refused(least(attempt)).find("hush"), std::string::npos) << attempt.front() << refused(least(attempt));
  }
  const auto shown = load("run", least({"--set", "kafka.sasl.pasword=hush"}), {});
  ASSERT_TRUE(shown);
  EXPECT_EQ(to_yaml(*shown).find("hush"), std::string::npos);
}

TEST(SettingsTest, SecretsMayStandInTheEnvironment) {
  const Environment secrets = {{"FRESHET_CLICKHOUSE_PASSWORD", "hush1"},
                               {"FRESHET_KAFKA_SASL_PASSWORD", "hush2"},
                               {"FRESHET_ADMIN_TOKEN", "hush3"}};
  const Args args = least({"--clickhouse-user", "u", "--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism",
                           "PLAIN", "--kafka-sasl-username", "k"});
  const Loaded loaded = good(args, secrets);
  const Pipeline& p = loaded.settings.pipelines.front();
  EXPECT_EQ(p.clickhouse.password, "hush1");
  EXPECT_EQ(p.kafka.connection.sasl_password, "hush2");
  EXPECT_EQ(loaded.settings.admin.token, "hush3");
  EXPECT_EQ(to_yaml(loaded).find("hush"), std::string::npos);
  EXPECT_NE(to_yaml(loaded).find("environment FRESHET_CLICKHOUSE_PASSWORD"), std::string::npos);
  for (const auto& [name, value] : secrets) {
    const auto& masked = loaded.settings.telemetry.secrets;
    EXPECT_NE(std::find(masked.begin(), masked.end(), value), masked.end()) << name;
  }
  const File file("x");
  EXPECT_NE(refused(least({"--clickhouse-password-file", file.path}), {{"FRESHET_CLICKHOUSE_PASSWORD", "hush"}})
                .find("leave one of them out"),
            std::string::npos);
  EXPECT_NE(refused(least(), {{"FRESHET_CLICKHOUSE_PASSWORD", "hush"}}).find("needs --clickhouse-user"),
            std::string::npos);
  EXPECT_TRUE(load("process", {}, secrets));
}

TEST(SettingsTest, PortsOfClickHouseThatAreNotHttpAreWarnedOf) {
  const auto warnings = [](const char* url) {
    Args args = least();
    *(std::find(args.begin(), args.end(), "--clickhouse-url") + 1) = url;
    std::string all;
    for (const std::string& warning : good(args).warnings) all += warning + "\n";
    return all;
  };
  EXPECT_NE(warnings("http://h:9000").find("native protocol; HTTP is usually on 8123"), std::string::npos);
  EXPECT_NE(warnings("https://h:9440").find("native protocol"), std::string::npos);
  EXPECT_NE(warnings("https://h:8123").find("usually without TLS"), std::string::npos);
  EXPECT_NE(warnings("http://h:8443/").find("usually with TLS"), std::string::npos);
  EXPECT_NE(warnings("http://h").find("has no port, so 80 is used"), std::string::npos);
  EXPECT_EQ(warnings("http://h:8123").find("--clickhouse-url"), std::string::npos);
}

// A value that each setting takes, for settings that take not just any text.
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
                                                          {"sentry-dsn", "https://k@h/1"}};
  const auto found = values.find(setting.name);
  if (found != values.end()) return found->second;
  if (!setting.fallback.empty()) return std::string(setting.fallback);
  if (setting.placeholder == "FILE") return file;
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
      // What is refused is what `run` refuses of the same command line.
      EXPECT_EQ(loaded.has_value() || !load("run", args, {}), true)
          << command << " " << setting.name << ": " << refusals;
    }
    EXPECT_TRUE(load(command, least({"--admin-listen", "127.0.0.1:8080", "--create-topics", "--renew"}), {}));
  }
}

struct Refusal {
  Args more;
  const char* expected;
};

TEST(SettingsTest, EachBadSettingIsRefusedWithWhatWouldBeRight) {
  const Refusal refusals[] = {
      {{"--max-batch-size", "0"}, "--max-batch-size: '0' is out of range; use 1 to 999999"},
      {{"--max-batch-size", "1000000"}, "use 1 to 999999"},
      {{"--max-batch-size", "many"}, "is no whole number"},
      {{"--max-batch-bytes", "5"}, "use 1024 to 200000000"},
      {{"--max-batch-bytes", "200000000"}, "more than half of --memory-limit-bytes"},
      {{"--max-batch-tme-ms", "5"}, "did you mean --max-batch-time-ms?"},
      {{"--topic", "u"}, "--topic: given twice; a process reads one topic into one table"},
      {{"--max-batch-size", "1", "--max-batch-size", "2"}, "given twice; it takes one value"},
      {{"--renew-interval", "0"}, "--renew-interval: '0' is out of range; use 1 to 31536000 (seconds)"},
      {{"--renew-interval", "9223372036854775807"}, "use 1 to 31536000 (seconds)"},
      {{"--renew-jitter", "101"}, "use 0 to 100"},
      {{"--renew=maybe"}, "is neither true nor false"},
      {{"--no-static-membership=maybe"}, "is neither true nor false"},
      {{"--quantized-rebalance-consumer-group-delay-secs", "-1"}, "is out of range; use 0 or more (seconds)"},
      {{"--progress-timeout", "86401"}, "use 0 to 86400"},
      {{"--admin-token-file", "/nowhere"}, "cannot be read"},
      {{"--admin-listen", ":8080"}, "127.0.0.1:8080 is for this machine only, 0.0.0.0:8080 for every network"},
      {{"--admin-listen", "::1:8080"}, "an IPv6 address stands in brackets: [::1]:8080"},
      {{"--admin-listen", "8080"}, "is not of the form ADDRESS:PORT"},
      {{"--admin-allowed-host", "http://h"}, "is not a host name"},
      {{"--admin-allowed-host", "h:80"}, "without a port"},
      {{"--concurrency"}, "its value is missing"},
      {{"stray"}, "expected a flag"},
      {{"--count", "3"}, "has no use for it"},
      {{"--auto-offset-reset", "newest"}, "is none of: earliest, latest, error"},
      {{"--clickhouse-url", "ftp://x"}, "is not of the form http://HOST:PORT"},
      {{"--clickhouse-url", "http://u:p@x:1"}, "use --clickhouse-user"},
      {{"--clickhouse-url", "http://x:1/?a=1"}, "has a path or query"},
      {{"--drain-timeout-ms", "150000"}, "is not well below --max-poll-interval-ms"},
      {{"--on-invalid", "drop", "--dead-letter-topic", "d"}, "only for use without --dead-letter-topic"},
      {{"--on-invalid", "retry"}, "is none of: hold, drop"},
      {{"--dead-letter-topic", "t"}, "is the topic that is read"},
      {{"--clickhouse-password-file", "/nowhere"}, "cannot be read"},
      {{"--clickhouse-cert-file", "/etc/hostname"}, "one needs the other"},
      {{"--clickhouse-ca-file", "/etc/hostname"}, "without an https://"},
      {{"--clickhouse-database", "x"}, "names a database already"},
      {{"--clickhouse-setting", "query=1"}, "is freshet's own"},
      {{"--clickhouse-setting", "novalue"}, "is not of the form KEY=VALUE"},
      {{"--clickhouse-setting", "min_insert_block_size_bytes=1000000"}, "stored in several blocks"},
      {{"--clickhouse-setting", "min_insert_block_size_rows=999999"}, "stored in several blocks"},
      {{"--clickhouse-setting", "max_insert_block_size=100000"}, "stored in several blocks"},
      {{"--kafka-ssl-ca-file", "/etc/hostname"}, "has no effect without --kafka-security-protocol"},
      {{"--kafka-sasl-username", "u"}, "has no effect without --kafka-security-protocol"},
      {{"--kafka-security-protocol", "sasl_ssl"}, "--kafka-sasl-mechanism: missing"},
      {{"--kafka-security-protocol", "tls"}, "is none of: plaintext, ssl, sasl_plaintext, sasl_ssl"},
      {{"--health-check-file", "/nowhere/alive"}, "lies in no folder that exists"},
      {{"--health-check-file", "/tmp"}, "is a folder; name a file"},
      {{"--json-topic-column", "c", "--json-key-column", "c"},
       "--json-key-column: fills the column 'c', as --json-topic-column does"},
      {{"--json-field", "a=c", "--json-field", "b=c"}, "--json-field b=c: fills the column 'c'"},
      {{"--json-field", "a=c", "--json-header-column", "h=c"}, "--json-header-column h=c: fills the column 'c'"},
      {{"--set", "fetch.min.bytes=1"}, "is not of the form kafka.KEY=VALUE"},
      {{"--runtime-config", "rediss://h:1/1"}, "TLS to Redis"},
      {{"--runtime-config", "etcd://x"}, "expected file:PATH or redis://"},
      {{"--bootstrap-server", "kafka://h:9092"}, "has the scheme kafka://, which brokers have not; write HOST:PORT"},
      {{"--bootstrap-server", "SASL_SSL://h:9092"}, "--kafka-security-protocol sasl_ssl"},
      {{"--bootstrap-server", "h"}, "has no port; Kafka's usual one is 9092: h:9092"},
      {{"--bootstrap-server", "h:"}, "has the port ''; use 1 to 65535"},
      {{"--bootstrap-server", "h:0"}, "has the port '0'; use 1 to 65535"},
      {{"--bootstrap-server", "h:70000"}, "has the port '70000'"},
      {{"--bootstrap-server", "h:1,"}, "a comma too many"},
      {{"--bootstrap-server", "h:1, i:1"}, "separate brokers by commas alone"},
      {{"--bootstrap-server", "::1:9092"}, "stands in brackets: [::1]:9092"},
      {{"--bootstrap-server", "u:p@h:9092"}, "'***@h:9092' holds a login"},
      {{"--bootstrap-server", ":9092"}, "names no host"},
      {{"--bootstrap-server", "h:9092/x"}, "has a path"},
      {{"--dead-letter-topic", "a,b"}, "names several topics"},
      {{"--dead-letter-topic", "^events.*"}, "looks like a pattern"},
      {{"--dead-letter-topic", "a b"}, "white space"},
      {{"--dead-letter-topic", "a/b"}, "is no topic's name"},
      {{"--kafka-sasl-mechanism", "plain"}, "'plain' is written in capitals: PLAIN"},
      {{"--kafka-sasl-mechanism", "SCRAM-SHA512"}, "'SCRAM-SHA512' is written SCRAM-SHA-512"},
      {{"--kafka-sasl-mechanism", "scram-sha-256"}, "is written in capitals: SCRAM-SHA-256"},
      {{"--kafka-sasl-mechanism", "DIGEST-MD5"}, "is none of: PLAIN"},
      {{"--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism", "OAUTHBEARER"}, "has no source of tokens"},
      {{"--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism", "PLAIN"}, "PLAIN: needs a login"},
      {{"--clickhouse-url", "h:8123"}, "has no scheme; write http://h:8123"},
      {{"--clickhouse-url", "clickhouse://h:9000"}, "freshet speaks HTTP"},
      {{"--clickhouse-url", ""}, "'' is empty; write http://HOST:8123"},
      {{"--clickhouse-url", "HTTP://h:8123"}, "has its scheme in capitals; write http://h:8123"},
      {{"--clickhouse-url", "http:/h:8123"}, "is not of the form http://HOST:PORT"},
      {{"--clickhouse-url", "http//h:8123"}, "is not of the form http://HOST:PORT"},
      {{"--clickhouse-url", "http://h:1,http://i:1"}, "names several hosts"},
      {{"--json-field", ""}, "is not of the form FIELD[=COLUMN]"},
      {{"--json-field", "a="}, "is not of the form FIELD[=COLUMN]"},
      {{"--json-field", "=a"}, "is not of the form FIELD[=COLUMN]"},
      {{"--json-header-column", "h"}, "is not of the form HEADER=COLUMN"},
      {{"--json-header-column", "h="}, "is not of the form HEADER=COLUMN"},
      {{"--renew", "yes"}, "'yes': expected a flag that begins with --; --renew alone, or --renew=false"},
      {{"--max-batch-time", "2000"}, "did you mean --max-batch-time-ms?"},
      {{"--max_batch_size", "1"}, "did you mean --max-batch-size?"},
      {{"--clickhouse-url", "http://h:0"}, "has the port '0'"},
      {{"--clickhouse-url", "http://h:1,i:1"}, "names several hosts"},
      {{"--clickhouse-url", "http://h:8123 "}, "has a space in it"},
      {{"--clickhouse-user", " u"}, "begins or ends with white space"},
      {{"--clickhouse-password", "hush"}, "use --clickhouse-password-file or FRESHET_CLICKHOUSE_PASSWORD"},
      {{"--brokers", "h:9092"}, "use --bootstrap-server"},
      {{"--group-id", "g"}, "use --consumer-group"},
      {{"--topics", "a"}, "one process for each topic"},
      {{"--log-level", "loud"}, "is none of: debug, info, warn, error"},
      {{"--stop-at-timestamp", "tomorrow"}, "is no time"},
      {{"--config", "/nowhere.yaml"}, "cannot be read"},
      {{"--clickhouse-url", "http://u:pw@h:8123"}, "'http://***@h:8123' holds a login"},
      {{"--set", "sasl.password=pw"}, "'sasl.password=***' is not of the form kafka.KEY=VALUE"},
      {{"--nope"}, "--nope: unknown flag; see --help"},
      {{"--clickhouse-connect-timeout-ms", "9000", "--clickhouse-request-timeout-ms", "5000"}, "is more than"},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_NE(refused(least(refusal.more)).find(refusal.expected), std::string::npos) << refusal.more[0] << ":\n"
                                                                                      << refused(least(refusal.more));
  }
  EXPECT_NE(refused({}).find("--topic: missing; for example"), std::string::npos);
  EXPECT_NE(refused({}).find("--table: missing; for example"), std::string::npos);
  EXPECT_EQ(refused({}).find("--table: ''"), std::string::npos) << "said once";
  EXPECT_EQ(refused(least({"--kafka-security-protocol", "SSL", "--kafka-ssl-ca-file", "/etc/hostname"})), "");
  const auto tap = load("tap", {"--bootstrap-server", "h:1", "--topic", "t", "--kafka-sasl-username", "u"}, {});
  ASSERT_FALSE(tap);
  EXPECT_NE(tap.error().front().find("has no effect without --kafka-security-protocol"), std::string::npos);
  const auto renew = load("renew", {"--admin", "http://127.0.0.1:8080"}, {});
  ASSERT_FALSE(renew);
  EXPECT_NE(renew.error().front().find("has a scheme; write HOST:PORT"), std::string::npos) << renew.error().front();
  EXPECT_NE(refused(least(), {{"FRESHET_MAX_BATCH_SISE", "1"}}).find("did you mean FRESHET_MAX_BATCH_SIZE?"),
            std::string::npos);
  EXPECT_EQ(refused(least(), {{"FRESHET_DEV_CACHE", "x"}, {"FRESHET_TOPIK", ""}}), "");
  EXPECT_EQ(refused(least(), {{"FRESHET_SERVICE_HOST", "10.0.0.7"},
                              {"FRESHET_PORT", "tcp://10.0.0.7:8080"},
                              {"FRESHET_PORT_8080_TCP_ADDR", "10.0.0.7"}}),
            "");
  EXPECT_NE(refused(least(), {{"FRESHET_MAX_BATCH_SIZE", "0"}}).find("FRESHET_MAX_BATCH_SIZE: '0'"), std::string::npos);
}

TEST(SettingsTest, FilesAreRefusedWithTheLine) {
  const File unknown("topic: t\nmax_batch_sise: 3\n");
  EXPECT_NE(refused(least({"--config", unknown.path})).find(unknown.path + ":2"), std::string::npos);
  EXPECT_NE(refused(least({"--config", unknown.path})).find("did you mean max_batch_size?"), std::string::npos);
  const File broken("topic: [\n");
  EXPECT_NE(refused(least({"--config", broken.path})).find("no YAML"), std::string::npos);
  const File list("- topic\n");
  EXPECT_NE(refused(least({"--config", list.path})).find("expected a map"), std::string::npos);
  const File two("topic: t\n---\ntopic: u\n");
  EXPECT_NE(refused(least({"--config", two.path})).find("holds several documents"), std::string::npos);
  const File camel("maxBatchSize: 3\n");
  EXPECT_NE(refused(least({"--config", camel.path})).find("did you mean max_batch_size?"), std::string::npos);
  const File secret("clickhouse_password: hush\n");
  EXPECT_NE(refused(least({"--config", secret.path})).find("use --clickhouse-password-file"), std::string::npos);
  const File other("config: x.yaml\n");
  EXPECT_NE(refused(least({"--config", other.path})).find("names no other"), std::string::npos);
  const File nested("topic: {a: b}\n");
  EXPECT_NE(refused(least({"--config", nested.path})).find("expected one value"), std::string::npos);
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

// FRESHET_WRITE_DOCS=1 writes the page anew.
TEST(SettingsTest, TheDocumentedSettingsAreThoseOfTheTable) {
  const std::string path = std::string(FRESHET_SOURCE_DIR) + "/docs/settings.md";
  if (std::getenv("FRESHET_WRITE_DOCS") != nullptr) std::ofstream(path) << to_markdown();
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), to_markdown()) << "run settings_test with FRESHET_WRITE_DOCS=1";
}

}  // namespace
}  // namespace freshet::settings
