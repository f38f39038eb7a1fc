// Secrets are printed nowhere.
#include "settings/secrets.h"

#include <algorithm>

#include "settings/commands.h"
#include "settings/settings_test.h"
#include "settings/table.h"

namespace freshet::settings {
namespace {

// Wherever a value is printed, and however it was given: valid, invalid, or in the wrong place.
TEST(SecretsTest, ASecretIsShownNowhere) {
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
    Args args = least({"--dead-letter-topic", "d", "--allow-secrets-in-arguments"});
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

// No header and no login can carry these: every request would fail.
TEST(SecretsTest, ASecretIsOneLine) {
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

TEST(SecretsTest, ASecretThatOthersCouldReadIsWarnedOf) {
  const File token("t0ken");
  const auto warnings = [](Args more) {
    more.insert(more.end(), {"--dead-letter-topic", "d"});
    std::string all;
    for (const std::string& warning : good(least(more)).warnings) all += warning + "\n";
    return all;
  };
  EXPECT_EQ(warnings({"--admin-token-file", token.path}), "");
  std::filesystem::permissions(token.path, std::filesystem::perms(0644));
  EXPECT_NE(warnings({"--admin-token-file", token.path}).find("can be read by every user; chmod go-rwx it"),
            std::string::npos);
  EXPECT_NE(warnings({"--set-file", "kafka.ssl.key.password=" + token.path}).find("can be read by"), std::string::npos);
  EXPECT_EQ(warnings({"--set", "kafka.fetch.min.bytes=1", "--runtime-config", "redis://h:1/0"}), "");
}

TEST(SecretsTest, ASecretInTheCommandLineIsRefusedUnlessInsistedOn) {
  const std::pair<Args, const char*> exposed[] = {
      {{"--sentry-dsn", "https://hush@s/1"}, "use --sentry-dsn-file"},
      {{"--runtime-config", "redis://:hush@h:1/0"}, "use --runtime-config-password-file"},
      {{"--set", "kafka.ssl.key.password=hush"}, "use --set-file"}};
  for (auto [args, advice] : exposed) {
    const std::string why = refused(least(args));
    EXPECT_NE(why.find(advice), std::string::npos) << why;
    EXPECT_EQ(why.find("hush"), std::string::npos) << why;
    args.push_back("--allow-secrets-in-arguments");
    good(least(args));
  }
  good(least({"--set", "kafka.sasl.oauthbearer.token.endpoint.url=https://login.example.com/token"}));
  good(least({"--set", "kafka.sasl.oauthbearer.client.credentials.client.id=freshet"}));
  good(least(), {{"FRESHET_SENTRY_DSN", "https://hush@s/1"}, {"FRESHET_RUNTIME_CONFIG", "redis://:hush@h:1/0"}});
}

TEST(SecretsTest, ASecretMayComeFromACommand) {
  const Args login = {"--clickhouse-user", "u", "--clickhouse-password-file", "exec:echo hush"};
  const Loaded loaded = good(least(login));
  const secrets::SecretSource& password = loaded.settings.pipeline.clickhouse.password;
  EXPECT_EQ(password.reveal(), "hush");
  EXPECT_EQ(password.from, "exec:echo hush");
  EXPECT_EQ(loaded.settings.telemetry.secrets, std::vector<std::string>{"hush"});
  EXPECT_NE(to_yaml(loaded).find("clickhouse_password_file: exec:echo ***"), std::string::npos) << to_yaml(loaded);
  EXPECT_EQ(to_yaml(loaded).find("hush"), std::string::npos);
  EXPECT_TRUE(runs_commands(loaded.settings));
  EXPECT_FALSE(runs_commands(good(least()).settings));
  EXPECT_EQ(good(least({"--set-file", "kafka.ssl.key.password=exec:echo hush"}))
                .settings.pipeline.kafka.connection.extra.at("ssl.key.password"),
            "hush");
  const Args with_cert = {"--clickhouse-url", "https://h:8443",        "--clickhouse-cert-file",
                          "exec:echo pem",    "--clickhouse-key-file", "exec:printf 'hush\\nsealed\\n'"};
  const Loaded certified = good(least(with_cert));
  EXPECT_EQ(certified.settings.pipeline.clickhouse.key.reveal(), "hush\nsealed");
  EXPECT_EQ(certified.settings.pipeline.clickhouse.key_file, "");
  EXPECT_TRUE(runs_commands(certified.settings));
  EXPECT_EQ(to_yaml(certified).find("hush"), std::string::npos) << to_yaml(certified);
  const std::string why = refused(least({"--admin-token-file", "exec:sh -c 'echo hush; echo sealed >&2; exit 1'"}));
  EXPECT_NE(why.find("the command sh: ends with status 1: sealed"), std::string::npos) << why;
  EXPECT_EQ(why.find("hush"), std::string::npos) << why;
  EXPECT_NE(refused(least({"--admin-token-file", "exec:true"})).find("is empty; name a command"), std::string::npos);
}

TEST(SecretsTest, ATokenTakesThePlaceOfUserAndPassword) {
  const Environment token = {{"FRESHET_CLICKHOUSE_TOKEN", "a.b.c"}};
  EXPECT_EQ(good(least(), token).settings.pipeline.clickhouse.token.reveal(), "a.b.c");
  EXPECT_NE(refused(least({"--clickhouse-user", "u"}), token).find("the token names the user"), std::string::npos);
}

TEST(SecretsTest, SecretsAreMaskedAndCollectedForTheLog) {
  const File file("hunter2\n");
  const Loaded loaded = good(least({"--clickhouse-user", "u", "--clickhouse-password-file", file.path,
                                    "--runtime-config", "redis://:s3cr%65t@h:1/1", "--allow-secrets-in-arguments",
                                    "--set", "kafka.ssl.key.password=pw", "--set", "kafka.fetch.min.bytes=7"}));
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

TEST(SecretsTest, SecretsAreInNoRefusal) {
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
  const auto shown = load("run", least({"--set", "kafka.sasl.pasword=hush", "--allow-secrets-in-arguments"}), {});
  ASSERT_TRUE(shown);
  EXPECT_EQ(to_yaml(*shown).find("hush"), std::string::npos);
}

// A key that is pasted where its file is expected, whole or split by the shell.
TEST(SecretsTest, AKeyInThePlaceOfItsFileIsNotShown) {
  const std::string pem = "-----BEGIN PRIVATE KEY-----\nMIIhush+/hush=\n-----END PRIVATE KEY-----\n";
  size_t files = 0;
  for (const Setting& setting : table()) {
    if (setting.placeholder.empty() || (setting.commands & kRun) == 0) continue;
    for (const std::string& pasted : {pem, std::string("MIIhush\r\n/hush")}) {
      const std::string value =
          (setting.placeholder.starts_with("kafka.") ? "kafka.ssl.certificate.pem=" : "") + pasted;
      EXPECT_EQ(shown(setting, value).find("hush"), std::string::npos) << setting.name << shown(setting, value);
      EXPECT_EQ(refused(least({flag_of(setting), value})).find("hush"), std::string::npos) << setting.name;
    }
    if (!setting.secret_file) continue;
    ++files;
    const std::string key = setting.name == "set-file" ? "kafka.ssl.key.password=" : "";
    EXPECT_EQ(shown(setting, key + "aGFo/hush+=").find("hush"), std::string::npos) << setting.name;
    EXPECT_EQ(shown(setting, key + "hush").find("hush"), std::string::npos) << setting.name;
    EXPECT_EQ(shown(setting, key + "/run/secrets/key"), key + "/run/secrets/key");
  }
  EXPECT_EQ(files, 10u) << "those of docs/operations.md, Secrets";
  for (const char* flag : {"--clickhouse-key-file", "--kafka-ssl-key-file", "--topic"}) {
    const Args split = {flag, "-----BEGIN", "PRIVATE", "KEY-----", "MIIhush", "-----END", "PRIVATE", "KEY-----"};
    EXPECT_EQ(refused(least(split)).find("hush"), std::string::npos) << refused(least(split));
  }
  EXPECT_EQ(refused(least({"--" + pem + "=" + pem})).find("hush"), std::string::npos);
}

TEST(SecretsTest, SecretsMayStandInTheEnvironment) {
  const Environment secrets = {{"FRESHET_CLICKHOUSE_PASSWORD", "hush1"},
                               {"FRESHET_KAFKA_SASL_PASSWORD", "hush2"},
                               {"FRESHET_CLICKHOUSE_CERT", "hush4\nhush"},
                               {"FRESHET_CLICKHOUSE_KEY", "hush5\nhush"},
                               {"FRESHET_ADMIN_TOKEN", "hush3"}};
  const Args args = least({"--clickhouse-url", "https://c:8443", "--clickhouse-user", "u", "--kafka-security-protocol",
                           "sasl_ssl", "--kafka-sasl-mechanism", "PLAIN", "--kafka-sasl-username", "k"});
  const Loaded loaded = good(args, secrets);
  const Pipeline& p = loaded.settings.pipeline;
  EXPECT_EQ(p.clickhouse.password.reveal(), "hush1");
  EXPECT_EQ(p.kafka.connection.sasl_password.reveal(), "hush2");
  EXPECT_EQ(loaded.settings.admin.token.reveal(), "hush3");
  EXPECT_EQ(p.clickhouse.cert.reveal(), "hush4\nhush");
  EXPECT_EQ(p.clickhouse.key.reveal(), "hush5\nhush");
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
  for (const char* one : {"FRESHET_CLICKHOUSE_CERT", "FRESHET_CLICKHOUSE_KEY"}) {
    const std::string why = refused(least({"--clickhouse-url", "https://c:8443"}), {{one, "hush"}});
    EXPECT_NE(why.find("one needs the other"), std::string::npos) << why;
    EXPECT_EQ(why.find("hush"), std::string::npos) << why;
  }
  EXPECT_NE(refused(least({"--clickhouse-key-file", file.path}), {{"FRESHET_CLICKHOUSE_KEY", "hush"}})
                .find("leave one of them out"),
            std::string::npos);
  EXPECT_TRUE(load("process", {}, secrets));
}

}  // namespace
}  // namespace freshet::settings
