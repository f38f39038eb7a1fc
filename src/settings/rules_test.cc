// Refusals and warnings, and the advice in them.
#include <gmock/gmock.h>

#include <algorithm>

#include "settings/settings_test.h"

namespace freshet::settings {
namespace {

Args with_table(const std::string& name) {
  Args args = least();
  std::replace(args.begin(), args.end(), std::string("d.t"), name);
  return args;
}

TEST(RulesTest, ATableNameWithADotOrABackquoteStandsInBackquotes) {
  EXPECT_EQ(good(with_table("pb.`a.b`")).settings.pipeline.clickhouse.table, "pb.`a.b`");
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
  good(args);  // a dot inside a quoted name does not separate a database
}

TEST(RulesTest, AnInsertSettingThatContradictsIsRefusedOrWarnedOf) {
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

TEST(RulesTest, ExactlyOnceRefusesAnInsertSettingThatContradicts) {
  for (const char* setting : {"async_insert=1", "insert_deduplicate=0", "deduplicate_insert=disable"}) {
    EXPECT_TRUE(load("run", least({"--clickhouse-setting", setting, "--delivery", "auto"}), {}));
    EXPECT_FALSE(load("run", least({"--clickhouse-setting", setting, "--delivery", "exactly-once"}), {})) << setting;
  }
}

TEST(RulesTest, AnAdminAddressForEverybodyWantsAToken) {
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

TEST(RulesTest, TopicsAndTablesAreNamedOneByOne) {
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

TEST(RulesTest, PortsOfClickHouseThatAreNotHttpAreWarnedOf) {
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

struct Refusal {
  Args more;
  const char* expected;
};

TEST(RulesTest, EachBadSettingIsRefusedWithWhatWouldBeRight) {
  const Refusal refusals[] = {
      {{"--max-batch-size", "0"}, "--max-batch-size: '0' is out of range; use 1 to 999999"},
      {{"--max-batch-size", "1000000"}, "use 1 to 999999"},
      {{"--max-batch-size", "many"}, "is not a whole number"},
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
      {{"--on-invalid", "retry"}, "is none of: block, drop"},
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
      {{"--bootstrap-server", "kafka://h:9092"}, "has the scheme kafka://, but a broker has none; write HOST:PORT"},
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
      {{"--dead-letter-topic", "a/b"}, "is not a topic name"},
      {{"--kafka-sasl-mechanism", "plain"}, "'plain' is written in capitals: PLAIN"},
      {{"--kafka-sasl-mechanism", "SCRAM-SHA512"}, "'SCRAM-SHA512' is written SCRAM-SHA-512"},
      {{"--kafka-sasl-mechanism", "scram-sha-256"}, "is written in capitals: SCRAM-SHA-256"},
      {{"--kafka-sasl-mechanism", "DIGEST-MD5"}, "is none of: PLAIN"},
      {{"--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism", "OAUTHBEARER"}, "has no source of tokens"},
      {{"--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism", "OAUTHBEARER", "--set",
        "kafka.sasl.oauthbearer.method=oidc", "--kafka-oauthbearer-token-file", "exec:echo t"},
       "leave one of them out"},
      {{"--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism", "PLAIN", "--kafka-sasl-username", "u",
        "--kafka-oauthbearer-token-file", "exec:echo t"},
       "--kafka-oauthbearer-token-file: needs --kafka-sasl-mechanism OAUTHBEARER"},
      {{"--kafka-security-protocol", "sasl_ssl", "--kafka-sasl-mechanism", "OAUTHBEARER", "--kafka-msk-iam-region",
        "eu-west-1", "--kafka-oauthbearer-token-file", "exec:echo t"},
       "--kafka-msk-iam-region and --kafka-oauthbearer-token-file: each is a source"},
      {{"--kafka-msk-iam-region", "eu-west-1"}, "--kafka-msk-iam-region: needs --kafka-sasl-mechanism OAUTHBEARER"},
      {{"--kafka-msk-iam-region", "EU-WEST-1"}, "is no region of AWS; write one as eu-central-1, or auto"},
      {{"--kafka-msk-iam-region", "eu-west-1a"}, "is an availability zone; write its region, eu-west-1"},
      {{"--kafka-msk-iam-region", "west-1"}, "is no region of AWS"},
      {{"--kafka-msk-iam-region", ""}, "is no region of AWS"},
      {{"--kafka-sasl-mechanism", "AWS_MSK_IAM"}, "write OAUTHBEARER, and add --kafka-msk-iam-region"},
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
      {{"--stop-at-timestamp", "tomorrow"}, "is not a time"},
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

TEST(RulesTest, FilesAreRefusedWithTheLine) {
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

Refusals refused_by(const char* command, const Args& args) {
  const auto loaded = load(command, args, {});
  return loaded ? Refusals() : loaded.error();
}

TEST(RulesTest, AReplayWithoutChecksNeedsNoTable) {
  const Args replay = {"--bootstrap-server", "h:1", "--dead-letter-topic", "d", "--table", "t", "--enforce-schema"};
  Args unchecked = replay;
  unchecked.emplace_back("--check-first=false");
  EXPECT_THAT(refused_by("dlq replay", unchecked), testing::IsEmpty());
  EXPECT_THAT(refused_by("dlq replay", replay),
              testing::UnorderedElementsAre(testing::HasSubstr("--clickhouse-url: missing"),
                                            testing::HasSubstr("--enforce-schema: give the folder")));
  EXPECT_THAT(refused_by("explain", {"--enforce-schema", "{}"}), testing::SizeIs(1));
}

TEST(RulesTest, AMessageOfTheCommandLineIsAnyText) {
  for (const char* text : {" {\"a\":1}\n", "", "\t", "{}"}) {
    for (const Args& args : {Args{text}, Args{"--message-text", text}}) {
      const auto loaded = load("explain", args, {});
      ASSERT_TRUE(loaded) << loaded.error().front();
      EXPECT_EQ(loaded->settings.message_text, text);
    }
  }
  EXPECT_EQ(load("explain", {}, {})->settings.message_text, std::nullopt);
}

TEST(RulesTest, ARefusalNamesAMessageAsItWasGiven) {
  EXPECT_THAT(refused_by("explain", {"{\"a\":", "1}"}),
              testing::Contains(testing::HasSubstr("MESSAGE: given twice; it takes one value: quote")));
  EXPECT_THAT(refused_by("explain", {"{}", "--message", "file"}),
              testing::Contains("--message and MESSAGE: each names a message; leave one of them out"));
  EXPECT_THAT(refused_by("explain", {"--message-text", "{}", "--message", "file"}),
              testing::Contains("--message and --message-text: each names a message; leave one of them out"));
}

}  // namespace
}  // namespace freshet::settings
