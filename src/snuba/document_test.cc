// Tests of the consumer document, the storage file and the Python settings file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "snuba/consumer_config.h"
#include "snuba/load.h"
#include "snuba/python_settings.h"

namespace freshet::snuba {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json topic(const std::string& name) {
  return {{"physical_topic_name", name + "-p"},
          {"logical_topic_name", name},
          {"broker_config",
           {{"bootstrap.servers", "k:9092"},
            {"queued.max.messages.kbytes", 10000},
            {"a.flag", true},
            {"nothing", nullptr},
            {"empty", ""}}},
          {"whatever", 1}};
}

json document() {
  json out;
  out["storages"] = {
      {{"name", "replays"},
       {"clickhouse_table_name", "replays_dist"},
       {"clickhouse_cluster",
        {{"host", "ch"}, {"port", 8124}, {"secure", true}, {"user", "u"}, {"password", "p"}, {"database", "d"}}},
       {"message_processor", {{"python_class_name", "ReplaysProcessor"}, {"python_module", "snuba.x"}}}}};
  out["raw_topic"] = topic("raw");
  out["raw_topic"]["quantized_rebalance_consumer_group_delay_secs"] = 15;
  out["commit_log_topic"] = topic("log");
  out["dlq_topic"] = topic("dead");
  out["accountant_topic"] = topic("cogs");
  out["max_batch_size"] = 10;
  out["max_batch_time_ms"] = 20;
  out["env"] = {{"sentry_dsn", nullptr},
                {"dogstatsd_socket_path", "unix:///x"},
                {"default_retention_days", 60},
                {"lower_retention_days", 15},
                {"valid_retention_days", {15, 60}},
                {"record_cogs", true},
                {"project_stacktrace_blacklist", {7}}};
  return out;
}

struct File {
  explicit File(const std::string& text, const std::string& suffix = "")
      : path((std::filesystem::temp_directory_path() / ("freshet-snuba-" + std::to_string(getpid()) + suffix))
                 .string()) {
    std::ofstream(path) << text;
  }
  ~File() { std::filesystem::remove(path); }
  const std::string path;
};

tl::expected<settings::Loaded, settings::Refusals> load_document(const json& content,
                                                                 std::vector<std::string> more = {}) {
  const File file(content.dump());
  std::vector<std::string> args = {"--consumer-config", file.path, "--consumer-group", "g"};
  args.insert(args.end(), more.begin(), more.end());
  return load("rust-consumer", args, {});
}

TEST(DocumentTest, EverythingInItArrives) {
  const auto loaded = load_document(document());
  ASSERT_TRUE(loaded) << loaded.error().front();
  const settings::Pipeline& p = loaded->settings.pipeline;
  EXPECT_EQ(p.kafka.topic, "raw-p");
  EXPECT_EQ(p.kafka.connection.bootstrap_servers, "k:9092");
  EXPECT_EQ(p.kafka.connection.extra.at("a.flag"), "true");
  EXPECT_EQ(p.kafka.connection.extra.at("queued.max.messages.kbytes"), "10000");
  EXPECT_EQ(p.kafka.connection.extra.count("nothing"), 0u);
  EXPECT_EQ(p.kafka.side_topics.commit_log.topic, "log-p");
  EXPECT_EQ(p.kafka.side_topics.cogs.topic, "cogs-p");
  EXPECT_EQ(p.kafka.dead_letter_topic, "dead-p");
  EXPECT_EQ(p.clickhouse.urls.front(), "https://ch:8124");
  EXPECT_EQ(p.clickhouse.table, "replays_dist");
  EXPECT_EQ(p.clickhouse.password.reveal(), "p");
  EXPECT_EQ(p.processors.processor, "ReplaysProcessor");
  EXPECT_EQ(p.processors.python.module, "snuba.x");
  EXPECT_EQ(p.options.max_batch_rows, 10u);
  EXPECT_EQ(p.options.max_batch_time.count(), 20);
  EXPECT_EQ(p.options.renewal.tick.count(), 15);
  EXPECT_EQ(p.processors.environment.default_retention_days, 60);
  EXPECT_EQ(p.processors.environment.valid_retention_days, (std::set<uint16_t>{15, 60}));
  EXPECT_EQ(p.processors.environment.project_stacktrace_blacklist, (std::set<uint64_t>{7}));
  EXPECT_EQ(loaded->settings.telemetry.statsd.address, "unix:///x");
  EXPECT_FALSE(p.processors.june);
}

TEST(DocumentTest, TheOlderGenerationShowsByItsPorts) {
  json june = document();
  june["storages"][0]["clickhouse_cluster"]["port"] = 9000;
  june["storages"][0]["clickhouse_cluster"]["http_port"] = 8125;
  june["env"].erase("dogstatsd_socket_path");
  june["env"]["dogstatsd_host"] = "h";
  june["env"]["dogstatsd_port"] = 8126;
  const auto loaded = load_document(june);
  ASSERT_TRUE(loaded) << loaded.error().front();
  const settings::Pipeline& p = loaded->settings.pipeline;
  EXPECT_TRUE(p.processors.june);
  EXPECT_EQ(p.clickhouse.urls.front(), "https://ch:8125");
  EXPECT_EQ(loaded->settings.telemetry.statsd.address, "udp://h:8126");
  EXPECT_TRUE(loaded->settings.telemetry.statsd.june);
  const auto told = load_document(june, {"--compat", "head"});
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->settings.pipeline.processors.june);
}

TEST(DocumentTest, TheCommandLineWinsWhereItSaysSomething) {
  const auto loaded =
      load_document(document(), {"--raw-events-topic", "other", "--max-batch-size", "11", "--bootstrap-server", "b:1"});
  ASSERT_TRUE(loaded) << loaded.error().front();
  const settings::Pipeline& p = loaded->settings.pipeline;
  EXPECT_EQ(p.kafka.topic, "other");
  EXPECT_EQ(p.kafka.connection.bootstrap_servers, "b:1");
  EXPECT_EQ(p.options.max_batch_rows, 11u);
  EXPECT_EQ(p.options.max_batch_time.count(), 20);
}

TEST(DocumentTest, ItMayAddWriterOptionsAndAPreFilter) {
  json more = document();
  more["storages"][0]["writer_options"] = {{"input_format_skip_unknown_fields", 1}};
  more["storages"][0]["pre_filter"] = {{"header", "h"}, {"value", "v"}};
  const auto loaded = load_document(more);
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_EQ(loaded->settings.pipeline.clickhouse.writer_options.at("input_format_skip_unknown_fields"), "1");
  EXPECT_EQ(loaded->settings.pipeline.stream.pre_filter->name, "h");
}

TEST(DocumentTest, EachBadDocumentIsRefusedWithItsKey) {
  struct Case {
    std::function<void(json&)> spoil;
    const char* expected;
  };
  const Case cases[] = {
      {[](json& d) { d["more"] = 1; }, "more: unknown key"},
      {[](json& d) { d["env"]["more"] = 1; }, "env.more: unknown key"},
      {[](json& d) { d["storages"][0]["more"] = 1; }, "storages[0].more: unknown key"},
      {[](json& d) { d["storages"].push_back(d["storages"][0]); }, "exactly one storage"},
      {[](json& d) { d["storages"] = json::array(); }, "exactly one storage"},
      {[](json& d) { d.erase("raw_topic"); }, "raw_topic: missing"},
      {[](json& d) { d["accountant_topic"] = nullptr; }, "accountant_topic: missing"},
      {[](json& d) { d["raw_topic"]["broker_config"]["x"] = json::array(); }, "x: expected a string"},
      {[](json& d) { d["raw_topic"]["physical_topic_name"] = 1; }, "raw_topic.physical_topic_name: expected a string"},
      {[](json& d) { d["max_batch_size"] = -1; }, "max_batch_size: expected an integer"},
      {[](json& d) { d["max_batch_size_calculation"] = "kilos"; }, "is none of: rows, bytes"},
      {[](json& d) { d["storages"][0]["clickhouse_cluster"]["port"] = 70000; }, "from 0 to 65535"},
      {[](json& d) { d["storages"][0]["clickhouse_cluster"]["secure"] = "yes"; }, "expected true or false"},
      {[](json& d) { d["env"]["valid_retention_days"] = {70000}; }, "from 0 to 65535"},
      {[](json& d) { d["storages"][0]["message_processor"].erase("python_module"); }, "python_module: missing"},
      {[](json& d) { d["storages"][0]["message_processor"]["python_class_name"] = "ErrorsProcessor"; },
       "replacements_topic: missing"},
  };
  for (const Case& one : cases) {
    json spoiled = document();
    one.spoil(spoiled);
    const auto loaded = load_document(spoiled);
    ASSERT_FALSE(loaded) << one.expected;
    EXPECT_THAT(loaded.error().front(), HasSubstr(one.expected));
  }
  EXPECT_THAT(parse_document("{").error().text, HasSubstr("is not JSON"));
  EXPECT_THAT(load_document(document(), {"--storage", "errors"}).error().front(),
              HasSubstr("is not the storage of the document"));
}

TEST(StorageFileTest, ChangesAndAddsStorages) {
  const File file(
      "replays: {dead_letter_topic: null, local_table: r2, writer_options: {a: 1}}\n"
      "mine: {topic: t, local_table: mine, processor: MyProcessor, processor_module: my.module,\n"
      "       pre_filter: {header: h, value: v}}\n");
  const auto one =
      load("rust-consumer", {"--storage", "replays", "--consumer-group", "g", "--storage-table", file.path}, {});
  ASSERT_TRUE(one) << one.error().front();
  EXPECT_EQ(one->settings.pipeline.clickhouse.table, "r2");
  EXPECT_EQ(one->settings.pipeline.clickhouse.writer_options.at("a"), "1");
  EXPECT_EQ(one->settings.pipeline.kafka.dead_letter_topic, "");
  const auto two =
      load("rust-consumer", {"--storage", "mine", "--consumer-group", "g", "--storage-table", file.path}, {});
  ASSERT_TRUE(two) << two.error().front();
  EXPECT_EQ(two->settings.pipeline.kafka.topic, "t");
  EXPECT_EQ(two->settings.pipeline.processors.python.module, "my.module");
  EXPECT_EQ(two->settings.pipeline.stream.pre_filter->value, "v");
}

TEST(StorageFileTest, IsRefusedWithTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: {topic: t}", "line 1: a: local_table: missing"},
      {"\nreplays: {tpoic: t}", "line 2: replays: tpoic: unknown field"},
      {"replays: 3", "expected a map of fields"},
      {"- x", "expected a map of storages"},
      {"replays: {pre_filter: 3}", "pre_filter: expected {header: NAME, value: VALUE}"},
      {"replays: [", "line 1"},
  };
  for (const auto& [yaml, expected] : cases) {
    EXPECT_THAT(storages_from_yaml(yaml).error().text, HasSubstr(expected)) << yaml;
  }
}

TEST(PythonSettingsTest, AFileIsReadByPython) {
  const File file(
      "from snuba.settings.settings_self_hosted import *\n"
      "from snuba.utils.metrics.addr_config import get_statsd_addr\n"
      "print('noise')\n"
      "DOGSTATSD_HOST, DOGSTATSD_PORT = get_statsd_addr()\n"
      "KAFKA_TOPIC_MAP = {'events': 'my-events'}\n"
      "KAFKA_BROKER_CONFIG = {'snuba-commit-log': {'bootstrap.servers': 'other:1', 'enable.ssl.x': True}}\n"
      "CLUSTERS = [{**CLUSTERS[0], 'host': 'ch9', 'single_node': False, 'storage_sets': {'events'}}]\n"
      "PROJECT_STACKTRACE_BLACKLIST = {5}\n"
      "RECORD_COGS = True\n"
      "ENFORCE_RETENTION = True\n"
      "DISCARD_OLD_EVENTS = False\n"
      "TRANSACT_SKIP_CONTEXT_STORE = {42: {'os', 'app'}}\n"
      "REDIS_CLUSTERS = {'config': {'host': 'r9', 'port': 6380, 'db': 3, 'password': None}}\n",
      ".py");
  std::vector<std::string> args = {"--storage", "errors", "--consumer-group", "g"};
  Environment environment = {{"SNUBA_SETTINGS", file.path},
                             {"PATH", std::getenv("PATH")},
                             {"HOME", std::getenv("HOME") == nullptr ? "/" : std::getenv("HOME")},
                             {"SENTRY_EVENT_RETENTION_DAYS", "20"},
                             {"SNUBA_STATSD_ADDR", "statsd:1"}};
  const auto loaded = load("rust-consumer", args, environment);
  ASSERT_TRUE(loaded) << loaded.error().front();
  const settings::Pipeline& p = loaded->settings.pipeline;
  EXPECT_EQ(p.kafka.topic, "my-events");
  EXPECT_EQ(p.stream.schema.logical_topic, "events");
  EXPECT_EQ(p.kafka.side_topics.commit_log.connection.bootstrap_servers, "other:1");
  EXPECT_EQ(p.kafka.side_topics.commit_log.connection.extra.at("enable.ssl.x"), "true");
  EXPECT_EQ(p.clickhouse.urls.front(), "http://ch9:8123");
  EXPECT_EQ(p.clickhouse.table, "errors_dist");
  EXPECT_EQ(p.processors.environment.default_retention_days, 20);
  EXPECT_EQ(p.processors.environment.lower_retention_days, 20);
  EXPECT_EQ(p.processors.environment.valid_retention_days, (std::set<uint16_t>{20, 30, 60}));
  EXPECT_TRUE(p.processors.python_rules.enforce_retention);
  EXPECT_TRUE(p.processors.python_rules.keep_old_events);
  EXPECT_EQ(p.processors.python_rules.contexts_not_stored.at(42), (std::set<std::string>{"app", "os"}));
  EXPECT_TRUE(p.snuba->side_outputs.cogs);
  EXPECT_EQ(loaded->settings.telemetry.statsd.address, "udp://statsd:1");
  EXPECT_EQ(loaded->settings.runtime_config.store, "redis://r9:6380/3");
  args[1] = "replays";
  EXPECT_THAT(load("rust-consumer", args, environment).error().front(),
              HasSubstr("no cluster for the storage set replays"));
}

TEST(PythonSettingsTest, WhatFailsIsSaid) {
  const std::vector<std::string> args = {"--storage", "errors", "--consumer-group", "g"};
  const std::pair<const char*, const char*> cases[] = {
      {"import nothing_of_this_name\n", "No module named 'nothing_of_this_name'"},
      {"KAFKA_TOPIC_MAP = 1 / 0\n", "ZeroDivisionError"},
      {"VALID_RETENTION_DAYS = ['x']\n", "VALID_RETENTION_DAYS"},
      {"CLUSTERS = []\n", "expected at least one"},
  };
  for (const auto& [content, expected] : cases) {
    const File file(content, ".py");
    const auto loaded = load("rust-consumer", args, {{"SNUBA_SETTINGS", file.path}, {"PATH", std::getenv("PATH")}});
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().front(), HasSubstr(expected));
  }
}

TEST(PythonSettingsTest, WhatAnExceptionSaysIsNotRepeated) {
  const Environment environment{{"PATH", std::getenv("PATH")}, {"THE_PASSWORD", "hunter2"}};
  const std::pair<const char*, const char*> cases[] = {
      {"import os\n\nraise ValueError('wrong: ' + os.environ['THE_PASSWORD'])\n", "ValueError in line 3; "},
      {"import os\nx = os.environ['IT_IS_MISSING']\n", "KeyError (IT_IS_MISSING) in line 2; "},
      {"{}['hunter2']\n", "KeyError in line 1; "},
      {"class E(Exception):\n  name = 'hunter2'\nraise E\n", "E in line 3; "},
      {"import sys\nsys.argv = ['x']\n{}['hunter2']\n", "KeyError in line 3; "},
      {"A = {}\nA['hunter2'] = A\n", "RecursionError; "},
      {"A = bytearray(2 << 30)\n", "MemoryError in line 1; "},
      {"a = 'hunter2\n", "SyntaxError in line 1; "},
      {"import os, sys\nsys.stderr.write('hunter2\\n')\nprint('hunter2')\nos._exit(3)\n", "without an error message; "},
  };
  for (const auto& [content, expected] : cases) {
    const File file(content, ".py");
    const auto read = run_python_settings(file.path, environment);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().text, HasSubstr(expected)) << content;
    EXPECT_THAT(read.error().text, Not(HasSubstr("hunter2")));
  }
}

// Processes that the file starts are killed, even those in their own session.
TEST(PythonSettingsTest, NothingThatAFileHasStartedStays) {
  const Environment environment{{"PATH", std::getenv("PATH")}};
  const File pid("");
  const File daemon(
      "import os, sys, time\nA = 1\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
      "    open('" +
          pid.path +
          "', 'w').write(str(os.getpid()))\n    time.sleep(1000)\n  os._exit(0)\n"
          "while not os.path.getsize('" +
          pid.path + "'): time.sleep(0.01)\n",
      ".py");
  const auto read = run_python_settings(daemon.path, environment);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(*read, R"({"A": 1})");
  pid_t started = 0;
  std::ifstream(pid.path) >> started;
  ASSERT_GT(started, 0);
  const auto state = [&] {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(started) + "/stat"), line);
    return line.empty() ? 'Z' : line[line.rfind(')') + 2];
  };
  for (int i = 0; i < 6000 && state() != 'Z'; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(state(), 'Z');  // a zombie, or already reaped
}

TEST(PythonSettingsTest, AForkAndAThreadOfAFileAreNotWaitedFor) {
  const Environment environment{{"PATH", std::getenv("PATH")}};
  const File file(
      "import atexit, os, threading, time\nif os.fork() == 0: B = 2\nelse: A = 1\n"
      "threading.Thread(target=time.sleep, args=(1000,)).start()\natexit.register(time.sleep, 1000)\n",
      ".py");
  const auto read = run_python_settings(file.path, environment);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(*read, R"({"A": 1})");
}

TEST(PythonSettingsTest, AFileThatSaysSomethingForEverIsGivenUp) {
  const Environment environment{{"PATH", std::getenv("PATH")}};
  const File chatty("import sys, time\nwhile True: print('.', file=sys.stderr, flush=True); time.sleep(0.01)\n", ".py");
  const auto slow = run_python_settings(chatty.path, environment, std::chrono::milliseconds(500));
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().text, "it did not finish within 0.5 s");
  const File loud("import sys\nwhile True: sys.stderr.write('x' * 65536)\n", ".py");
  const auto much = run_python_settings(loud.path, environment);
  ASSERT_FALSE(much);
  EXPECT_EQ(much.error().text, "it printed more than 8 MiB");
}

}  // namespace
}  // namespace freshet::snuba
