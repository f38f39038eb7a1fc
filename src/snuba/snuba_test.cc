// Resolves the fourteen services of a self-hosted Sentry, and refuses invalid configurations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "snuba/command_line.h"
#include "snuba/load.h"

namespace freshet::snuba {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// The environment of Sentry's Compose file.
const Environment kSelfHosted = {{"SNUBA_SETTINGS", "self_hosted"}, {"CLICKHOUSE_HOST", "clickhouse"},
                                 {"DEFAULT_BROKERS", "kafka:9092"}, {"REDIS_HOST", "redis"},
                                 {"UWSGI_MAX_REQUESTS", "10000"},   {"SENTRY_EVENT_RETENTION_DAYS", "45"},
                                 {"SNUBA_STATSD_ADDR", ""},         {"SENTRY_DSN", ""}};

settings::Loaded good(const std::string& command, const Environment& environment = kSelfHosted) {
  const std::vector<std::string> all = words(command);
  auto loaded = load(all.front(), {all.begin() + 1, all.end()}, environment);
  if (!loaded) {
    for (const auto& refusal : loaded.error()) ADD_FAILURE() << command << "\n" << refusal;
    settings::Loaded nothing;
    return nothing;
  }
  return *loaded;
}

std::string refused(const std::string& command, const Environment& environment = kSelfHosted) {
  const std::vector<std::string> all = words(command);
  const auto loaded = load(all.front(), {all.begin() + 1, all.end()}, environment);
  if (loaded) return "";
  std::string text;
  for (const auto& refusal : loaded.error()) text += refusal + "\n";
  return text;
}

struct Service {
  const char* storage;
  const char* group;
  const char* reset;
  int batch_time;
  const char* more;
  // Expected result.
  const char* topic;
  const char* table;
  const char* processor;
  const char* commit_log;
  const char* replacements;
  const char* dead_letters;
};

constexpr Service kServices[] = {
    {"errors", "snuba-consumers", "latest", 750, "", "events", "errors_local", "ErrorsProcessor", "snuba-commit-log",
     "event-replacements", ""},
    {"outcomes_raw", "snuba-consumers", "earliest", 750, "", "outcomes", "outcomes_raw_local", "OutcomesProcessor", "",
     "", ""},
    {"outcomes_raw", "snuba-consumers", "earliest", 750, " --raw-events-topic outcomes-billing", "outcomes-billing",
     "outcomes_raw_local", "OutcomesProcessor", "", "", ""},
    {"group_attributes", "snuba-group-attributes-consumers", "latest", 750, "", "group-attributes",
     "group_attributes_local", "GroupAttributesMessageProcessor", "", "", "snuba-dead-letter-group-attributes"},
    {"transactions", "transactions_group", "latest", 750, "", "transactions", "transactions_local",
     "TransactionsMessageProcessor", "snuba-transactions-commit-log", "", ""},
    {"replays", "snuba-consumers", "latest", 750, "", "ingest-replay-events", "replays_local", "ReplaysProcessor", "",
     "", "snuba-dead-letter-replays"},
    {"search_issues", "generic_events_group", "latest", 750, "", "generic-events", "search_issues_local_v2",
     "SearchIssuesMessageProcessor", "snuba-generic-events-commit-log", "", "snuba-dead-letter-generic-events"},
    {"metrics_raw", "snuba-metrics-consumers", "latest", 750, "", "snuba-metrics", "metrics_raw_v2_local",
     "PolymorphicMetricsProcessor", "snuba-metrics-commit-log", "", "snuba-dead-letter-metrics"},
    {"generic_metrics_counters_raw", "snuba-gen-metrics-counters-consumers", "latest", 750, "", "snuba-generic-metrics",
     "generic_metric_counters_raw_local", "GenericCountersMetricsProcessor",
     "snuba-generic-metrics-counters-commit-log", "", "snuba-dead-letter-generic-metrics"},
    {"profiles", "snuba-consumers", "latest", 1000, "", "processed-profiles", "profiles_local",
     "ProfilesMessageProcessor", "", "", ""},
    {"functions_raw", "snuba-consumers", "latest", 1000, "", "profiles-call-tree", "functions_raw_local",
     "FunctionsMessageProcessor", "", "", ""},
    {"profile_chunks", "snuba-consumers", "latest", 1000, "", "snuba-profile-chunks", "profile_chunks_local",
     "ProfileChunksProcessor", "", "", ""},
    {"eap_items", "eap_items_group", "latest", 1000, " --use-rust-processor", "snuba-items", "eap_items_1_local",
     "EAPItemsProcessor", "snuba-items-commit-log", "", "snuba-dead-letter-items"},
};

TEST(SelfHostedTest, EveryServiceResolves) {
  for (const Service& s : kServices) {
    const std::string command =
        std::string("rust-consumer --storage ") + s.storage + " --consumer-group " + s.group +
        " --auto-offset-reset=" + s.reset + " --max-batch-time-ms " + std::to_string(s.batch_time) +
        " --no-strict-offset-reset --health-check-file /tmp/health.txt --max-poll-interval-ms 300000" + s.more;
    SCOPED_TRACE(command);
    const settings::Loaded loaded = good(command);
    const settings::Pipeline& p = loaded.settings.pipeline;
    EXPECT_EQ(p.kafka.connection.bootstrap_servers, "kafka:9092");
    EXPECT_EQ(p.kafka.topic, s.topic);
    EXPECT_EQ(p.stream.topic, s.topic);
    EXPECT_EQ(p.kafka.consumer_group, s.group);
    EXPECT_EQ(p.stream.consumer_group, s.group);
    EXPECT_EQ(p.kafka.auto_offset_reset,
              std::string(s.reset) == "latest" ? kafka::OffsetReset::Latest : kafka::OffsetReset::Earliest);
    EXPECT_FALSE(p.kafka.strict_offset_reset);
    EXPECT_EQ(p.kafka.max_poll_interval.count(), 300'000);
    EXPECT_EQ(p.kafka.connection.extra.count("session.timeout.ms"), 0u);
    EXPECT_FALSE(p.kafka.connection.extra.contains("queued.min.messages"));
    EXPECT_FALSE(p.kafka.connection.extra.contains("queued.max.messages.kbytes"));
    EXPECT_EQ(p.options.max_batch_time.count(), s.batch_time);
    EXPECT_EQ(p.options.max_batch_rows, 50'000u);
    EXPECT_EQ(p.options.clickhouse_concurrency, 2u);
    EXPECT_EQ(p.clickhouse.urls, std::vector<std::string>{"http://clickhouse:8123"});
    EXPECT_EQ(p.clickhouse.table, s.table);
    EXPECT_EQ(p.clickhouse.database, "default");
    EXPECT_EQ(p.clickhouse.user, "default");
    ASSERT_TRUE(p.snuba);
    EXPECT_FALSE(p.snuba->requests.json_as_string);
    EXPECT_EQ(p.processors.processor, s.processor);
    EXPECT_EQ(p.processors.storage, s.storage);
    EXPECT_FALSE(p.processors.python.use);
    EXPECT_EQ(p.processors.environment.default_retention_days, 45);
    EXPECT_EQ(p.processors.environment.lower_retention_days, 30);
    EXPECT_EQ(p.processors.environment.valid_retention_days, (std::set<uint16_t>{30, 45, 60}));
    EXPECT_EQ(p.kafka.side_topics.commit_log.topic, s.commit_log);
    EXPECT_EQ(p.snuba->side_outputs.commit_log, *s.commit_log != '\0');
    EXPECT_EQ(p.kafka.side_topics.replacements.topic, s.replacements);
    EXPECT_EQ(p.snuba->side_outputs.replacements, *s.replacements != '\0');
    if (*s.commit_log != '\0') {
      EXPECT_EQ(p.kafka.side_topics.commit_log.connection.bootstrap_servers, "kafka:9092");
    }
    EXPECT_EQ(p.kafka.dead_letter_topic, s.dead_letters);
    EXPECT_EQ(p.stream.dlq_headers, stream::DlqHeaders::Position);
    EXPECT_EQ(p.stream.on_invalid, stream::OnInvalid::Drop);
    EXPECT_EQ(p.stream.dead_letters_by_age, *s.dead_letters != '\0');
    EXPECT_FALSE(p.snuba->side_outputs.cogs);
    EXPECT_TRUE(p.kafka.side_topics.cogs.topic.empty());
    EXPECT_FALSE(p.stream.skip_write);
    EXPECT_FALSE(p.accepted_outcomes);
    EXPECT_EQ(loaded.settings.admin.health_check_file, "/tmp/health.txt");
    EXPECT_FALSE(loaded.settings.admin.health_check_may_ask_for_progress);
    EXPECT_EQ(loaded.settings.telemetry.statsd.address, "");
    EXPECT_EQ(loaded.settings.telemetry.sentry.dsn.reveal(), "");
    EXPECT_EQ(loaded.settings.telemetry.format, telemetry::LogFormat::Reference);
    EXPECT_EQ(loaded.settings.runtime_config.store, "redis://redis:6379/1");
    EXPECT_EQ(loaded.settings.runtime_config.storage, s.storage);
  }
}

TEST(SelfHostedTest, TheOutcomesServiceResolves) {
  const settings::Loaded loaded = good(
      "accepted-outcomes-consumer --storage eap_items --consumer-group accepted_outcomes --auto-offset-reset=earliest "
      "--max-batch-time-ms 750 --no-strict-offset-reset --accepted-outcomes-topic outcomes-billing "
      "--max-poll-interval-ms 300000");
  const settings::Pipeline& p = loaded.settings.pipeline;
  EXPECT_EQ(p.kafka.topic, "snuba-items");
  EXPECT_EQ(p.kafka.consumer_group, "accepted_outcomes");
  EXPECT_EQ(p.kafka.side_topics.accepted_outcomes.topic, "outcomes-billing");
  EXPECT_EQ(p.kafka.side_topics.accepted_outcomes.connection.bootstrap_servers, "kafka:9092");
  EXPECT_EQ(p.kafka.dead_letter_topic, "snuba-dead-letter-items");
  EXPECT_TRUE(p.kafka.side_topics.commit_log.topic.empty());
  ASSERT_TRUE(p.accepted_outcomes);
  EXPECT_EQ(p.options.max_batch_time.count(), 750);
  EXPECT_EQ(p.options.max_batch_rows, 50'000u);
  EXPECT_EQ(p.accepted_outcomes->bucket_interval.count(), 60);
  EXPECT_EQ(p.stream.commit_interval.count(), 10'000);
  EXPECT_FALSE(p.stream.dead_letters_by_age);
}

const std::string kErrors = "rust-consumer --storage errors --consumer-group g ";

TEST(LoadTest, AClusterOfRedisIsReadAtAnyNodeAndTlsIsSaidToBeImpossible) {
  const auto cluster = good(kErrors, {{"REDIS_HOST", "redis"}, {"REDIS_DB", "3"}, {"USE_REDIS_CLUSTER", "1"}});
  EXPECT_EQ(cluster.settings.runtime_config.store, "redis://redis:6379/0");
  const auto single = good(kErrors, {{"REDIS_HOST", "redis"}, {"USE_REDIS_CLUSTER", "0"}});
  EXPECT_EQ(single.settings.runtime_config.store, "redis://redis:6379/1");
  SnubaSettings settings;
  ASSERT_TRUE(apply_python_settings(
      R"({"REDIS_CLUSTERS":{"config":{"use_redis_cluster":true,"ssl":true,"password":"p",
          "cluster_startup_nodes":[{"host":"node-1","port":7000},{"host":"node-2","port":7001}]}},
          "CONFIG_STATE":{"a":1,"b":"x","c":true}})",
      settings));
  EXPECT_EQ(settings.redis.host, "node-1");
  EXPECT_EQ(settings.redis.port, 7000);
  EXPECT_TRUE(settings.redis.configured && settings.redis.cluster && settings.redis.tls);
  EXPECT_EQ(settings.config_state, (std::map<std::string, std::string>{{"a", "1"}, {"b", "x"}, {"c", "true"}}));
}

TEST(LoadTest, WithoutSettingsTheDefaultsAreTheReferences) {
  const settings::Loaded loaded = good(kErrors, {});
  const settings::Pipeline& p = loaded.settings.pipeline;
  EXPECT_EQ(p.kafka.connection.bootstrap_servers, "127.0.0.1:9092");
  EXPECT_EQ(p.clickhouse.urls, std::vector<std::string>{"http://127.0.0.1:8123"});
  EXPECT_TRUE(p.kafka.strict_offset_reset);
  EXPECT_EQ(p.kafka.auto_offset_reset, kafka::OffsetReset::Earliest);
  EXPECT_EQ(p.kafka.max_poll_interval.count(), 30'000);
  EXPECT_EQ(p.kafka.connection.extra.at("session.timeout.ms"), "30000");
  EXPECT_EQ(p.options.max_batch_time.count(), 2000);
  EXPECT_EQ(p.processors.environment.valid_retention_days, (std::set<uint16_t>{30, 90}));
  EXPECT_EQ(loaded.settings.runtime_config.store, "");
  EXPECT_EQ(loaded.settings.runtime_config.values_file, "sentry-options/values/snuba/values.json");
}

TEST(LoadTest, ATokenReplacesTheLoginOfTheCluster) {
  Environment environment = kSelfHosted;
  environment.insert({{"CLICKHOUSE_USER", "writer"}, {"CLICKHOUSE_PASSWORD", "ch-secret"}});
  environment.insert({"FRESHET_CLICKHOUSE_TOKEN", "t0ken"});
  const settings::Loaded loaded = good(kErrors, environment);
  const clickhouse::ClickHouseSettings& clickhouse = loaded.settings.pipeline.clickhouse;
  EXPECT_EQ(clickhouse.token.reveal(), "t0ken");
  EXPECT_EQ(clickhouse.user, "");
  EXPECT_EQ(clickhouse.password.reveal(), "");
  environment.insert({"FRESHET_CLICKHOUSE_USER", "me"});
  EXPECT_THAT(refused(kErrors, environment), HasSubstr("the token names the user"));
}

TEST(LoadTest, TheEnvironmentReachesEveryClient) {
  Environment environment = kSelfHosted;
  environment.insert({{"KAFKA_SECURITY_PROTOCOL", "sasl_ssl"},
                      {"KAFKA_SASL_MECHANISM", "PLAIN"},
                      {"KAFKA_SASL_USERNAME", "u"},
                      {"KAFKA_SASL_PASSWORD", "kafka-secret"},
                      {"KAFKA_SSL_CA_PATH", "/ca.pem"},
                      {"CLICKHOUSE_HTTP_PORT", "8443"},
                      {"CLICKHOUSE_SECURE", "True"},
                      {"CLICKHOUSE_USER", "writer"},
                      {"CLICKHOUSE_PASSWORD", "ch-secret"},
                      {"CLICKHOUSE_DATABASE", "sentry"},
                      {"RECORD_COGS", "1"},
                      {"REDIS_PASSWORD", "redis@secret"},
                      {"SENTRY_OPTIONS_DIR", "/options"},
                      {"SNUBA_RELEASE", "1.2"}});
  environment["SENTRY_DSN"] = "https://key@sentry.example/3";
  environment["SNUBA_STATSD_ADDR"] = "statsd:";
  const settings::Loaded loaded = good(kErrors, environment);
  const settings::Pipeline& p = loaded.settings.pipeline;
  for (const kafka::ConnectionSettings& c :
       {p.kafka.connection, p.kafka.side_topics.commit_log.connection, p.kafka.side_topics.replacements.connection,
        p.kafka.side_topics.cogs.connection}) {
    EXPECT_EQ(c.security_protocol, "sasl_ssl");
    EXPECT_EQ(c.sasl_mechanism, "PLAIN");
    EXPECT_EQ(c.sasl_username, "u");
    EXPECT_EQ(c.sasl_password.reveal(), "kafka-secret");
    EXPECT_EQ(c.ssl_ca_file, "/ca.pem");
  }
  EXPECT_EQ(p.clickhouse.urls, std::vector<std::string>{"https://clickhouse:8443"});
  EXPECT_EQ(p.clickhouse.user, "writer");
  EXPECT_EQ(p.clickhouse.password.reveal(), "ch-secret");
  EXPECT_EQ(p.clickhouse.database, "sentry");
  EXPECT_TRUE(p.snuba->side_outputs.cogs);
  EXPECT_EQ(p.kafka.side_topics.cogs.topic, "shared-resources-usage");
  EXPECT_EQ(loaded.settings.telemetry.statsd.address, "udp://statsd:8125");
  EXPECT_EQ(loaded.settings.telemetry.sentry.release, "1.2");
  EXPECT_EQ(loaded.settings.runtime_config.store, "redis://:redis@secret@redis:6379/1");
  EXPECT_EQ(loaded.settings.runtime_config.values_file, "/options/values/snuba/values.json");
  for (const char* secret : {"kafka-secret", "ch-secret", "redis@secret", "https://key@sentry.example/3"}) {
    EXPECT_THAT(loaded.settings.telemetry.secrets, Contains(secret));
    EXPECT_THAT(settings::to_yaml(loaded), testing::Not(HasSubstr(secret)));
  }
}

TEST(LoadTest, StatsdComesFromEitherGenerationsVariables) {
  struct Case {
    Environment environment;
    const char* more;
    const char* address;
  };
  const Case cases[] = {
      {{{"SNUBA_DOGSTATSD_SOCKET_PATH", "unixgram:///s"}}, "", "unixgram:///s"},
      {{{"SNUBA_DOGSTATSD_SOCKET_PATH", "/s"}}, "", "unixgram:///s"},
      {{{"SNUBA_DOGSTATSD_SOCKET_PATH", "h:1"}}, "", "h:1"},
      {{{"SNUBA_STATSD_ADDR", "h:9"}, {"DOGSTATSD_HOST", "other"}}, "", "udp://h:9"},
      {{{"DOGSTATSD_HOST", "h"}, {"DOGSTATSD_PORT", "7"}}, "", "udp://h:7"},
      {{{"DOGSTATSD_HOST", "h"}}, "", "udp://h:8125"},
      {{{"SNUBA_STATSD_HOST", "h"}, {"SNUBA_STATSD_PORT", "6"}}, "", "udp://h:6"},
      {{{"SNUBA_DOGSTATSD_SOCKET_PATH", "unix:///s"}, {"SNUBA_STATSD_ADDR", "h:9"}}, "", "unix:///s"},
      {{{"SNUBA_DOGSTATSD_SOCKET_PATH", "unix:///s"}, {"SNUBA_STATSD_ADDR", "h:9"}}, "--compat june", "udp://h:9"},
      {{{"SNUBA_STATSD_ADDR", ""}, {"DOGSTATSD_HOST", ""}}, "", ""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(good(kErrors + one.more, one.environment).settings.telemetry.statsd.address, one.address);
  }
}

// The broker sets the session timeout of KIP-848's protocol; librdkafka refuses the property.
TEST(LoadTest, TheConsumerProtocolGetsNoSessionTimeout) {
  const settings::Loaded loaded = good(kErrors + "--set kafka.group.protocol=consumer");
  EXPECT_FALSE(loaded.settings.pipeline.kafka.connection.extra.contains("session.timeout.ms"));
}

TEST(LoadTest, OptionsBecomeSettings) {
  const settings::Loaded loaded = good(
      kErrors +
      "--raw-events-topic r --commit-log-topic c --replacements-topic p --bootstrap-server a:1 --bootstrap-server b "
      "--commit-log-bootstrap-server c:1 --replacement-bootstrap-server p:1 --queued-min-messages 7 --max-batch-size "
      "3000000 --max-batch-size-calculation bytes --concurrency 4 --async-inserts --clickhouse-concurrency 5 "
      "--max-poll-interval-ms 20000 --enforce-schema --stop-at-timestamp 1790000000 --join-timeout-ms 9000 "
      "--health-check snuba --log-level TRACE --group-instance-id me --consumer-version v1 --dry-run "
      "--quantized-rebalance-consumer-group-delay-secs 30 --memory-limit-bytes 500000000 --renew --schema-dir /s "
      "--dlq-provenance --drain-timeout-ms 9500");
  const settings::Pipeline& p = loaded.settings.pipeline;
  EXPECT_EQ(p.kafka.topic, "r");
  EXPECT_EQ(p.stream.schema.logical_topic, "events");
  EXPECT_EQ(p.stream.schema.dir, "/s");
  EXPECT_TRUE(p.stream.schema.enforce);
  EXPECT_EQ(p.kafka.side_topics.commit_log.topic, "c");
  EXPECT_EQ(p.kafka.side_topics.commit_log.connection.bootstrap_servers, "c:1");
  EXPECT_EQ(p.kafka.side_topics.replacements.topic, "p");
  EXPECT_EQ(p.kafka.side_topics.replacements.connection.bootstrap_servers, "p:1");
  EXPECT_EQ(p.kafka.connection.bootstrap_servers, "a:1,b:9092");
  EXPECT_EQ(p.kafka.connection.extra.at("queued.min.messages"), "7");
  EXPECT_EQ(p.kafka.connection.extra.at("session.timeout.ms"), "20000");
  EXPECT_EQ(p.options.max_batch_bytes, 3'000'000u);
  EXPECT_EQ(p.options.max_batch_rows, 999'999u);
  EXPECT_EQ(p.stream.concurrency, 4u);
  EXPECT_EQ(p.options.clickhouse_concurrency, 5u);
  EXPECT_EQ(p.stream.stop_at_timestamp_ms, 1'790'000'000'999);
  EXPECT_EQ(p.stream.drain_timeout.count(), 9500);
  EXPECT_TRUE(loaded.settings.admin.health_check_may_ask_for_progress);
  EXPECT_EQ(loaded.settings.telemetry.level, LogLevel::Debug);
  EXPECT_EQ(p.kafka.group_instance_id, "me");
  EXPECT_EQ(p.options.renewal.tick.count(), 30);
  EXPECT_TRUE(p.options.renewal.enabled);
  EXPECT_EQ(p.stream.memory_limit, 500'000'000u);
  EXPECT_EQ(p.stream.dlq_headers, stream::DlqHeaders::Provenance);
  EXPECT_THAT(loaded.notices, Contains(HasSubstr("--consumer-version: accepted, without effect")));
  EXPECT_THAT(loaded.notices, Contains(HasSubstr("--dry-run: accepted, without effect")));
}

TEST(LoadTest, TheDrainTakesAtLeastTheJoinTimeoutAndNeverTooLongForTheGroup) {
  EXPECT_EQ(good(kErrors + "--join-timeout-ms 11000").settings.pipeline.stream.drain_timeout.count(), 11'000);
  EXPECT_EQ(good(kErrors + "--join-timeout-ms 60000").settings.pipeline.stream.drain_timeout.count(), 14'999);
  EXPECT_EQ(good(kErrors + "--max-poll-interval-ms 5000").settings.pipeline.stream.drain_timeout.count(), 4999);
}

TEST(LoadTest, WhatFreshetCannotTakeIsUsedAsItCanAndSaid) {
  const settings::Loaded loaded = good(kErrors + "--max-batch-size 2000000 --concurrency 0 --max-batch-time-ms 0");
  EXPECT_EQ(loaded.settings.pipeline.options.max_batch_rows, 999'999u);
  EXPECT_EQ(loaded.settings.pipeline.stream.concurrency, 1u);
  EXPECT_THAT(loaded.notices, Contains("--max-batch-size: 2000000 is used as 999999"));
  EXPECT_EQ(good(kErrors + "--clickhouse-concurrency 9").settings.pipeline.options.clickhouse_concurrency, 2u);
  EXPECT_EQ(
      good(kErrors + "--use-pull-consumer --clickhouse-concurrency 9").settings.pipeline.options.clickhouse_concurrency,
      9u);
}

TEST(LoadTest, AGroupThatTheCommitLogCannotHoldIsSaid) {
  EXPECT_THAT(good(kErrors + "--consumer-group a:b").notices, Contains(HasSubstr("--consumer-group: contains ':'")));
  EXPECT_THAT(good(kErrors).notices, testing::Not(Contains(HasSubstr("--consumer-group"))));
}

TEST(LoadTest, SkipWriteWritesNothingAnywhere) {
  for (const char* options : {"--skip-write", "--use-pull-consumer --dry-run", "--use-pull-consumer --dry-run=5",
                              "--no-skip-write --skip-write"}) {
    const settings::Loaded loaded =
        good(std::string("rust-consumer --storage search_issues --consumer-group g ") + options);
    const settings::Pipeline& p = loaded.settings.pipeline;
    EXPECT_TRUE(p.stream.skip_write) << options;
    EXPECT_TRUE(p.kafka.side_topics.commit_log.topic.empty());
    EXPECT_FALSE(p.snuba->side_outputs.commit_log);
    EXPECT_TRUE(p.kafka.dead_letter_topic.empty());
    EXPECT_FALSE(p.stream.dead_letters_by_age);
  }
  EXPECT_FALSE(good(kErrors + "--skip-write --no-skip-write").settings.pipeline.stream.skip_write);
  EXPECT_FALSE(good(kErrors + "--use-pull-consumer --dry-run 0").settings.pipeline.stream.skip_write);
}

TEST(LoadTest, StoragesHaveWriterOptionsFiltersAndGenerations) {
  const auto pipeline = [](const std::string& storage, const std::string& more = "") {
    return good("rust-consumer --consumer-group g --storage " + storage + " " + more).settings.pipeline;
  };
  EXPECT_EQ(pipeline("querylog").clickhouse.writer_options.at("input_format_skip_unknown_fields"), "1");
  EXPECT_EQ(pipeline("transactions").clickhouse.writer_options.size(), 2u);
  EXPECT_EQ(pipeline("generic_metrics_counters_raw").stream.pre_filter->value, "c");
  EXPECT_TRUE(pipeline("generic_metrics_counters_raw").stream.pre_filter->known.empty());
  EXPECT_EQ(pipeline("generic_metrics_counters_raw", "--compat june").stream.pre_filter->known.size(), 4u);
  const settings::Pipeline sets = pipeline("generic_metrics_sets_raw", "--compat june");
  EXPECT_EQ(sets.stream.pre_filter->value, "s");
  EXPECT_TRUE(sets.processors.june);
  EXPECT_TRUE(sets.snuba->requests.json_as_string);
  EXPECT_FALSE(sets.stream.dead_letters_by_age);
  EXPECT_TRUE(pipeline("eap_items", "--use-row-binary").processors.row_binary);
  const settings::Pipeline python = pipeline("transactions", "--use-python-processor --python-max-queue-depth 3");
  EXPECT_TRUE(python.processors.python.use);
  EXPECT_EQ(python.processors.python.module, "snuba.datasets.processors.transactions_processor");
  EXPECT_EQ(python.processors.python.class_name, "TransactionsMessageProcessor");
  EXPECT_EQ(python.processors.python.max_queue_depth, 3u);
}

TEST(LoadTest, EachBadInputIsRefusedWithWhatWouldBeRight) {
  const std::pair<std::string, const char*> refusals[] = {
      {"rust-consumer --consumer-group g", "--storage: missing"},
      {"rust-consumer --storage errors", "--consumer-group: missing"},
      {"rust-consumer --storage nothing --consumer-group g", "is none of: eap_items, "},
      {"rust-consumer --storage errors --storage replays --consumer-group g", "exactly one storage"},
      {"rust-consumer --storage generic_metrics_sets_raw --consumer-group g", "only with --compat june"},
      {"rust-consumer --storage llm_proxy_cost_raw --consumer-group g --compat june", "only with --compat head"},
      {kErrors + "--auto-offset-reset newest", "is none of: error|earliest|latest"},
      {kErrors + "--max-batch-size many", "'many' is not an integer"},
      {kErrors + "--max-batch-size -1", "--max-batch-size: is negative"},
      {kErrors + "--max-batch-size", "its value is missing"},
      {kErrors + "--async-inserts=1", "takes no value"},
      {kErrors + "--nonsense 1", "--nonsense: unknown flag"},
      {kErrors + "stray", "expected a flag"},
      {kErrors + "--dry-run=x", "is not an integer"},
      {kErrors + "--use-row-binary", "only for storages with EAPItemsProcessor"},
      {kErrors + "--use-python-processor", "not for storages with replacements"},
      {kErrors + "--stop-at-timestamp -5", "is negative"},
      {"rust-consumer --storage outcomes_raw --consumer-group g --commit-log-topic x", "has no commit log"},
      {"rust-consumer --storage replays --consumer-group g --replacements-topic x", "has no replacements topic"},
      {"rust-consumer --storage replays --consumer-group g --raw-events-topic=", "--raw-events-topic: is empty"},
      {"rust-consumer --storage errors --consumer-group g --commit-log-topic=", "--commit-log-topic: is empty"},
      {kErrors + "--consumer-config /nowhere", "'/nowhere' cannot be read"},
      {kErrors + "--storage-table /nowhere", "'/nowhere' cannot be read"},
      {"accepted-outcomes-consumer --storage eap_items --consumer-group g --bucket-interval 0", "use 1 or more"},
  };
  for (const auto& [command, expected] : refusals) EXPECT_THAT(refused(command), HasSubstr(expected)) << command;
  EXPECT_EQ(good("rust-consumer --storage errors --storage errors --consumer-group g").settings.pipeline.kafka.topic,
            "events");
  const std::pair<Environment, const char*> environments[] = {
      {{{"SNUBA_SETTINGS", "production"}}, "'production' is unknown"},
      {{{"SNUBA_SETTINGS", "/nowhere.py"}}, "the file cannot be read"},
      {{{"CLICKHOUSE_HTTP_PORT", "x"}}, "CLICKHOUSE_HTTP_PORT: 'x' is not an integer"},
      {{{"SNUBA_STATSD_ADDR", "h:x"}}, "SNUBA_STATSD_ADDR: 'h:x' is not of the form"},
      {{{"REDIS_PORT", "0"}}, "REDIS_PORT"},
      {{{"CLICKHOUSE_PASSWORD", "a\nb"}}, "CLICKHOUSE_PASSWORD: contains a control character"},
      {{{"SENTRY_DSN", "nonsense"}}, "is not of the form https://PUBLIC_KEY@HOST/PROJECT"},
      {{{"SNUBA_DOGSTATSD_SOCKET_PATH", "ftp://x"}}, "unixgram://PATH"},
      {{{"SNUBA_SETTINGS", "self_hosted"}, {"SENTRY_EVENT_RETENTION_DAYS", "0"}}, "SENTRY_EVENT_RETENTION_DAYS"},
      {{{"FRESHET_TOPIK", "x"}}, "did you mean FRESHET_TOPIC?"},
  };
  for (const auto& [environment, expected] : environments)
    EXPECT_THAT(refused(kErrors, environment), HasSubstr(expected));
}

TEST(HelpTest, TeachesBothKindsOfOptions) {
  for (const std::string command : {"rust-consumer", "accepted-outcomes-consumer"}) {
    const std::string text = full_help(command);
    for (const Option& option : options_of(command)) {
      EXPECT_THAT(text, HasSubstr("--" + std::string(option.name))) << command;
    }
    for (const char* own : {"--renew-interval", "--admin-listen", "--runtime-config", "--health-check-file"}) {
      EXPECT_THAT(text, HasSubstr(own));
    }
  }
}

}  // namespace
}  // namespace freshet::snuba
