#include "snuba/to_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "settings/table.h"
#include "snuba/connections.h"

namespace freshet::snuba {
namespace {

constexpr int64_t kSessionTimeoutMs = 45'000;  // librdkafka's default; a shorter poll interval reduces it

std::string log_level(const std::string& level) { return level == "trace" ? "debug" : level; }

std::string property(const BrokerConfig& brokers, const std::string& name, std::string fallback = {}) {
  const auto found = brokers.find(name);
  return found == brokers.end() ? std::move(fallback) : found->second;
}

// The value of a property if it is an integer, otherwise the default. The module that uses the property refuses an
// invalid value.
int64_t number_property(const BrokerConfig& brokers, const std::string& name, int64_t fallback) {
  try {
    return std::stoll(property(brokers, name, std::to_string(fallback)));
  } catch (const std::exception&) {
    return fallback;
  }
}

class Translator {
 public:
  Translator(const CommandLine& line, const ConsumerConfig& config, const LiveSources& live, const std::string& release)
      : line_(line), c_(config), skip_write_(writes_nothing(line)) {
    out_.defaults.source = "storage " + config.storage;
    kafka();
    group();
    batches();
    commits();
    clickhouse();
    dead_letters();
    operation(live);
    if (accepted_outcomes() && !config.accepted_outcomes) refuse("accepted_outcomes_topic: missing in the document");
    check();
    out_.defaults.complete = [line, config, release, values_file = live.values_file, fixed = live.fixed,
                              skip_write = skip_write_](settings::Loaded& loaded) {
      loaded.settings.runtime_config.fixed = fixed;
      complete(loaded, line, config, release, values_file, skip_write);
    };
  }

  Translated finish() { return std::move(out_); }

 private:
  bool accepted_outcomes() const { return line_.command == "accepted-outcomes-consumer"; }
  static bool writes_nothing(const CommandLine& line) {
    const bool dry = line.flag("use-pull-consumer") && line.integer("dry-run").value_or(0) != 0;
    return line.flag("skip-write") || dry;
  }

  void set(const char* name, std::string value) { out_.defaults.values[name] = {std::move(value)}; }
  // Options given on the command line override freshet's environment variables; resolved values do not.
  void set_option(const char* name, const std::string& value) {
    if (!line_.given(name)) return set(name, value);
    out_.flags.push_back(fmt::format("--{}={}", name, value));
  }
  void refuse(std::string text) { out_.refusals.push_back(std::move(text)); }
  void notice(std::string text) { out_.notices.push_back(std::move(text)); }

  // Clamps to the bounds of freshet's `setting`; adds a notice if that changes the value of `option`.
  int64_t within(std::string_view setting, int64_t value, std::string_view option) {
    const settings::Bounds bounds = *settings::find_setting(setting)->bounds;
    const int64_t used = std::clamp(value, bounds.least, bounds.most);
    if (used != value) notice(fmt::format("--{}: {} is used as {}", option, value, used));
    return used;
  }
  int64_t within(std::string_view setting, int64_t value) { return within(setting, value, setting); }
  // Only for options that have a default.
  int64_t integer(std::string_view option) const { return *line_.integer(option); }

  void kafka() {
    set("bootstrap-server", normalised_servers(property(c_.raw.brokers, "bootstrap.servers")));
    set("topic", c_.raw.physical);
    set_option("auto-offset-reset", line_.text("auto-offset-reset"));
    set("strict-offset-reset", line_.flag("no-strict-offset-reset") ? "false" : "true");
    const int64_t interval = number_property(c_.raw.brokers, "max.poll.interval.ms", integer("max-poll-interval-ms"));
    poll_interval_ = within("max-poll-interval-ms", interval);
    set_option("max-poll-interval-ms", std::to_string(poll_interval_));
    // The drain takes at least --join-timeout-ms, but less than half the poll interval, so that the group waits for it.
    const int64_t drain = std::max<int64_t>(integer("join-timeout-ms"), stream::StreamSettings().drain_timeout.count());
    set("drain-timeout-ms", std::to_string(std::min(drain, poll_interval_ / 2 - 1)));
    if (!accepted_outcomes()) {
      set_option("concurrency", std::to_string(within("concurrency", std::max<int64_t>(integer("concurrency"), 1))));
    }
  }

  void group() {
    const std::string group = property(c_.raw.brokers, "group.id", line_.text("consumer-group"));
    if (!group.empty()) set_option("consumer-group", group);
    if (const std::string id = property(c_.raw.brokers, "group.instance.id"); !id.empty()) set("group-instance-id", id);
    if (c_.raw.quantized_delay_secs) {
      set("quantized-rebalance-consumer-group-delay-secs", std::to_string(*c_.raw.quantized_delay_secs));
    }
  }

  void batches() {
    const auto time = static_cast<int64_t>(std::min<uint64_t>(c_.max_batch_time_ms, INT64_MAX));
    set_option("max-batch-time-ms", std::to_string(within("max-batch-time-ms", time)));
    const auto size = static_cast<int64_t>(std::min<uint64_t>(c_.max_batch_size, INT64_MAX));
    if (!c_.max_batch_size_in_bytes) {
      set_option("max-batch-size", std::to_string(within("max-batch-size", size)));
      return;
    }
    const int64_t bytes = within("max-batch-bytes", size, "max-batch-size");
    set("max-batch-bytes", std::to_string(bytes));
    set("max-batch-size", std::to_string(settings::find_setting("max-batch-size")->bounds->most));
    if (static_cast<uint64_t>(bytes) * 2 > kDefaultMemoryLimit) set("memory-limit-bytes", std::to_string(bytes * 2));
  }

  void commits() {
    if (!accepted_outcomes()) return;
    const int64_t most = settings::find_setting("commit-interval-ms")->bounds->most / 1000;
    const int64_t asked = integer("commit-frequency-sec");
    const int64_t seconds = std::clamp<int64_t>(asked, 1, most);
    if (seconds != asked) notice(fmt::format("--commit-frequency-sec: {} is used as {}", asked, seconds));
    set("commit-interval-ms", std::to_string(seconds * 1000));
  }

  void clickhouse() {
    const bool ipv6 = c_.cluster.host.find(':') != std::string::npos;
    set("clickhouse-url", fmt::format("{}://{}{}{}:{}", c_.cluster.secure ? "https" : "http", ipv6 ? "[" : "",
                                      c_.cluster.host, ipv6 ? "]" : "", c_.cluster.http_port));
    set("table", c_.table);
    if (!c_.cluster.database.empty() && c_.table.find('.') == std::string::npos) {
      set("clickhouse-database", c_.cluster.database);
    }
    if (!c_.cluster.user.empty()) set("clickhouse-user", c_.cluster.user);
    set("clickhouse-request-timeout-ms", std::to_string(InsertOptions().request_timeout.count()));
    // Snuba uses this option only together with one of two others.
    const bool counts = line_.flag("async-inserts") || line_.flag("use-pull-consumer");
    if (counts) {
      const int64_t writers = within("clickhouse-concurrency", integer("clickhouse-concurrency"));
      set_option("clickhouse-concurrency", std::to_string(writers));
    } else if (line_.given("clickhouse-concurrency")) {
      notice("--clickhouse-concurrency: accepted, without effect: the value is 2 unless --async-inserts is given");
    }
    for (const auto& [name, value] : {std::pair{"CLICKHOUSE_USER", &c_.cluster.user},
                                      {"CLICKHOUSE_PASSWORD", &c_.cluster.password},
                                      {"CLICKHOUSE_DATABASE", &c_.cluster.database}}) {
      const bool legal =
          std::none_of(value->begin(), value->end(), [](unsigned char ch) { return ch < 0x20 || ch == 0x7f; });
      if (!legal) refuse(fmt::format("{}: contains a control character, which an HTTP header cannot carry", name));
    }
  }

  void dead_letters() {
    if (c_.dead_letters && !skip_write_) {
      set("dead-letter-topic", c_.dead_letters->physical);
    }
    set("on-invalid", "drop");
    set("dead-letters-per-second", "0");  // Snuba has no limit
    set("dlq-provenance", "false");
  }

  void operation(const LiveSources& live) {
    set("processor", c_.processor);
    set("delivery", "at-least-once");
    set_option("log-level", log_level(line_.text("log-level")));
    set("log-format", "reference");
    if (live.redis.configured && live.redis.tls) {
      notice(
          "REDIS_SSL: live options are not read from Redis, because freshet does not support TLS to Redis; give a port "
          "without TLS or a proxy by --runtime-config redis://HOST:PORT/DB, or mount values.json");
    } else if (live.redis.configured) {
      const std::string login = live.redis.password.empty() ? "" : fmt::format(":{}@", live.redis.password);
      set("runtime-config", fmt::format("redis://{}{}:{}/{}", login, live.redis.host, live.redis.port,
                                        live.redis.cluster ? 0 : live.redis.database));
    }
    if (const std::string address = statsd(); !address.empty()) set("statsd", address);
    if (!c_.env.sentry_dsn.empty()) set("sentry-dsn", c_.env.sentry_dsn);
  }

  std::string statsd() const {
    const std::string host =
        c_.env.dogstatsd_host.empty() ? "" : fmt::format("udp://{}:{}", c_.env.dogstatsd_host, c_.env.dogstatsd_port);
    const std::string path = c_.env.dogstatsd_socket_path.starts_with('/')
                                 ? "unixgram://" + c_.env.dogstatsd_socket_path
                                 : c_.env.dogstatsd_socket_path;
    const bool host_first = c_.compat == Compat::June;
    return host_first && !host.empty() ? host : path.empty() ? host : path;
  }

  void check() {
    if (accepted_outcomes()) {
      for (const char* option : {"bucket-interval", "commit-frequency-sec", "max-batch-size"}) {
        if (line_.integer(option).value_or(1) < 1) refuse(fmt::format("--{}: use 1 or more", option));
      }
      return;
    }
    if (c_.commit_log && line_.text("consumer-group").find(':') != std::string::npos) {
      notice("--consumer-group: contains ':'; readers of the commit log take that for the end of the topic's name");
    }
    const bool python = line_.flag("use-python-processor");
    if (line_.flag("use-row-binary") && (c_.processor != "EAPItemsProcessor" || python)) {
      refuse("--use-row-binary: only for storages with EAPItemsProcessor and the native processor");
    }
    if (c_.processor == "ErrorsProcessor" && !c_.replacements && !skip_write_) {
      refuse("replacements_topic: missing; ErrorsProcessor produces replacements (or use --skip-write)");
    }
    if (python && c_.replacements) {
      refuse("--use-python-processor: not for storages with replacements; omit it to use the native processor");
    }
    if (line_.integer("stop-at-timestamp").value_or(0) < 0)
      refuse("--stop-at-timestamp: is negative; use unix seconds");
    if (line_.given("dry-run") && !line_.flag("use-pull-consumer")) {
      notice("--dry-run: accepted, without effect: it needs --use-pull-consumer");
    }
  }

  static void side_topic(const std::optional<Topic>& topic, freshet::kafka::ProducerSettings& producer,
                         std::vector<std::string>& notices) {
    if (!topic) return;
    producer.topic = topic->physical;
    add_brokers(topic->brokers, producer.connection, notices);
  }

  // Sets what the settings table has no setting for.
  static void complete(settings::Loaded& loaded, const CommandLine& line, const ConsumerConfig& c,
                       const std::string& release, const std::string& values_file, bool skip_write) {
    settings::Settings& s = loaded.settings;
    settings::Pipeline& p = s.pipeline;
    complete_kafka(loaded, line, c, skip_write);
    p.clickhouse.writer_options = c.writer_options;
    // A token that the operator has given replaces the cluster's login.
    if (!p.clickhouse.token.empty()) {
      p.clickhouse.user.clear();
    } else if (p.clickhouse.password.empty()) {
      p.clickhouse.password = c.cluster.password;
    }
    p.snuba = outputs(line, c, skip_write);
    complete_stream(p, line, c, skip_write);
    complete_processor(p, line, c);
    s.admin.health_check_may_ask_for_progress = line.text("health-check") == "snuba";
    s.runtime_config.values_file = values_file;
    s.runtime_config.storage = c.storage;
    s.telemetry.statsd.june = c.compat == Compat::June;
    const std::vector<std::pair<std::string, std::string>> tags = {{"storage", c.storage},
                                                                   {"consumer_group", p.kafka.consumer_group}};
    s.telemetry.statsd.tags = tags;
    s.telemetry.statsd.tag_assigned_partitions = line.command == "rust-consumer";
    s.telemetry.sentry.tags = tags;
    s.telemetry.sentry.release = release;
    for (const auto& [key, value] : {std::pair<const char*, std::string>{"storage", c.storage},
                                     {"processor_module", c.processor_module},
                                     {"logical_topic", c.raw.logical},
                                     {"commit_log_topic", p.kafka.side_topics.commit_log.topic},
                                     {"replacements_topic", p.kafka.side_topics.replacements.topic},
                                     {"accountant_topic", p.kafka.side_topics.cogs.topic},
                                     {"accepted_outcomes_topic", p.kafka.side_topics.accepted_outcomes.topic},
                                     {"compat", c.compat == Compat::June ? "june" : "head"}}) {
      if (!value.empty()) loaded.effective.push_back({key, value, "storage " + c.storage});
    }
  }

  static void complete_kafka(settings::Loaded& loaded, const CommandLine& line, const ConsumerConfig& c,
                             bool skip_write) {
    freshet::kafka::KafkaSettings& k = loaded.settings.pipeline.kafka;
    add_brokers(c.raw.brokers, k.connection, loaded.notices);
    // In the consumer protocol (KIP-848) the broker sets the session timeout.
    const auto protocol = k.connection.extra.find("group.protocol");
    const bool classic = protocol == k.connection.extra.end() || protocol->second != "consumer";
    if (classic && k.max_poll_interval.count() < kSessionTimeoutMs) {
      k.connection.extra.emplace("session.timeout.ms", std::to_string(k.max_poll_interval.count()));
    }
    if (c.dead_letters && !skip_write) {
      freshet::kafka::ConnectionSettings connection;
      add_brokers(c.dead_letters->brokers, connection, loaded.notices);
      k.dead_letter_connection = connection;
    }
    if (line.command == "accepted-outcomes-consumer") {
      return side_topic(c.accepted_outcomes, k.side_topics.accepted_outcomes, loaded.notices);
    }
    if (skip_write) return;
    side_topic(c.commit_log, k.side_topics.commit_log, loaded.notices);
    side_topic(c.replacements, k.side_topics.replacements, loaded.notices);
    if (c.env.record_cogs) side_topic(c.accountant, k.side_topics.cogs, loaded.notices);
  }

  static snuba_outputs::SnubaOutputsSettings outputs(const CommandLine& line, const ConsumerConfig& c,
                                                     bool skip_write) {
    snuba_outputs::SnubaOutputsSettings outputs;
    outputs.requests.json_as_string = c.compat == Compat::June;
    if (line.command == "accepted-outcomes-consumer") return outputs;
    outputs.ipv4_statistics = true;
    outputs.side_outputs = {c.commit_log && !skip_write, c.replacements && !skip_write,
                            c.env.record_cogs && !skip_write};
    return outputs;
  }

  static void complete_stream(settings::Pipeline& p, const CommandLine& line, const ConsumerConfig& c,
                              bool skip_write) {
    stream::StreamSettings& stream = p.stream;
    stream.skip_write = skip_write;
    stream.schema.logical_topic = c.raw.logical;
    if (line.command == "accepted-outcomes-consumer") {
      p.accepted_outcomes = {std::chrono::seconds(*line.integer("bucket-interval"))};
      stream.destination = {"Kafka", "outcomes", false};
      stream.max_writers = 1;  // one memory of seen items, and one order of records
      return;
    }
    stream.schema.enforce = line.flag("enforce-schema");
    stream.dead_letters_by_age = c.compat == Compat::Head && c.dead_letters && !skip_write;
    if (c.pre_filter) {
      stream.pre_filter = {c.pre_filter->header, c.pre_filter->value, {}};
      if (c.compat == Compat::June) stream.pre_filter->known = c.pre_filter->known_in_june;
    }
    if (const auto at = line.integer("stop-at-timestamp"); at) {
      stream.stop_at_timestamp_ms = *at * 1000 + 999;  // Snuba compares whole seconds
    }
  }

  static void complete_processor(settings::Pipeline& p, const CommandLine& line, const ConsumerConfig& c) {
    processors::ProcessorsSettings& processor = p.processors;
    processor.storage = c.storage;
    processor.environment = {c.env.default_retention_days, c.env.lower_retention_days, c.env.valid_retention_days,
                             c.env.project_stacktrace_blacklist, c.env.record_cogs};
    // freshet's own options apply in addition to Snuba's settings.
    processor.python_rules.enforce_retention |= c.python_rules.enforce_retention;
    processor.python_rules.keep_old_events |= c.python_rules.keep_old_events;
    processor.python_rules.contexts_not_stored.insert(c.python_rules.contexts_not_stored.begin(),
                                                      c.python_rules.contexts_not_stored.end());
    processor.row_binary = line.flag("use-row-binary");
    processor.june = c.compat == Compat::June;
    processor.python.use = line.flag("use-python-processor");
    processor.python.module = c.processor_module;
    processor.python.class_name = c.processor;
    processor.python.max_queue_depth =
        static_cast<uint32_t>(std::clamp<int64_t>(line.integer("python-max-queue-depth").value_or(0), 0, 1'000'000));
  }

  const CommandLine& line_;
  const ConsumerConfig& c_;
  const bool skip_write_;
  int64_t poll_interval_ = 0;
  Translated out_;
};

}  // namespace

Translated translate(const CommandLine& line, const ConsumerConfig& config, const LiveSources& live,
                     const std::string& release) {
  return Translator(line, config, live, release).finish();
}

}  // namespace freshet::snuba
