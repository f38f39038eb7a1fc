#include "runtime_config/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace freshet::runtime_config {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();

// What would be right.
std::string range(int64_t least, int64_t most) {
  return most == kAny ? fmt::format("use {} or more", least) : fmt::format("use {} to {}", least, most);
}

// Integers are decimal digits with an optional sign (as the Redis hash of contract appendix A.2 types them).
template <typename T>
Status integer(std::string_view text, int64_t least, int64_t most, T& target) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return failure(ErrorKind::Invalid, "is no whole number; " + range(least, most));
  }
  if (value < least || value > most) {
    return failure(ErrorKind::Invalid, "is out of range; " + range(least, most));
  }
  target = static_cast<T>(value);
  return {};
}

Status number(std::string_view text, double least, double most, double& target) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || !std::isfinite(value) ||
      value < least || value > most) {
    return failure(ErrorKind::Invalid, fmt::format("is no number from {} to {}", least, most));
  }
  target = value;
  return {};
}

// "1" or "true", "0" or "false", in any case.
Status flag(std::string_view text, bool& target) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != "1" && lower != "true" && lower != "0" && lower != "false") {
    return failure(ErrorKind::Invalid, "is none of: 1, true, 0, false");
  }
  target = lower == "1" || lower == "true";
  return {};
}

// For values that become part of a URL as they are.
Status word(std::string_view text, std::string& target) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (std::isalnum(c) != 0 && c < 0x80) || c == '_' || c == '-' || c == '.';
  });
  if (text.empty() || !plain) return failure(ErrorKind::Invalid, "is no word of letters, digits, '_', '-' and '.'");
  target = text;
  return {};
}

Status milliseconds(std::string_view text, std::chrono::milliseconds& target) {
  int64_t ms = 0;
  const Status status = integer(text, 1, 86'400'000, ms);
  if (status) target = std::chrono::milliseconds(ms);
  return status;
}

Status whole_seconds(std::string_view text, int64_t least, int64_t most, std::chrono::seconds& target) {
  int64_t seconds = 0;
  const Status status = integer(text, least, most, seconds);
  if (status) target = std::chrono::seconds(seconds);
  return status;
}

// Any number of them from `least` on: what is beyond 64 bits is as far away as it can be.
Status any_seconds(std::string_view text, int64_t least, std::chrono::seconds& target) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc::result_out_of_range || end != text.data() + text.size() || text.starts_with('-')) {
    return whole_seconds(text, least, kAny, target);
  }
  target = std::chrono::seconds::max();
  return {};
}

// A plain field of LiveOptions: how it is copied and shown.
#define FIELD(expression)                                                            \
  [](LiveOptions& to, const LiveOptions& from) { to.expression = from.expression; }, \
      [](const LiveOptions& o) { return shown(o.expression); }

// The same, and a bad value is the start value.
#define DEFAULTED(expression) \
  FIELD(expression), [](LiveOptions& to, const LiveOptions& base) { to.expression = base.expression; }

std::string shown(const std::optional<int64_t>& value) { return value ? fmt::format("{}", *value) : "none"; }
std::string shown(std::chrono::milliseconds value) { return fmt::format("{}", value.count()); }
std::string shown(std::chrono::seconds value) { return fmt::format("{}", value.count()); }
std::string shown(LogLevel value) { return to_string(value); }
template <typename T>
std::string shown(const T& value) {
  return fmt::format("{}", value);
}

constexpr LiveOption kTable[] = {
    {"freshet_max_batch_size", "integer", "1 to 999999 rows", "--max-batch-size, from the next batch on",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 999'999, o.max_batch_rows); },
     FIELD(max_batch_rows)},
    {"freshet_max_batch_bytes", "integer", "1024 to 200000000 bytes", "--max-batch-bytes, from the next batch on",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1024, 200'000'000, o.max_batch_bytes); },
     FIELD(max_batch_bytes)},
    {"freshet_max_batch_time_ms", "integer", "1 to 600000 ms", "--max-batch-time-ms, at once",
     [](LiveOptions& o, std::string_view v) -> Status {
       int64_t ms = 0;
       const Status status = integer(v, 1, 600'000, ms);
       if (status) o.max_batch_time = std::chrono::milliseconds(ms);
       return status;
     },
     FIELD(max_batch_time)},
    {"freshet_clickhouse_concurrency", "integer", "1 to 64", "--clickhouse-concurrency, from the next batch on",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 64, o.clickhouse_concurrency); },
     FIELD(clickhouse_concurrency)},
    {"freshet_dead_letters_per_second", "number", "0 (no limit) to 1000000000",
     "--dead-letters-per-second; a new value also releases partitions that the old limit holds",
     [](LiveOptions& o, std::string_view v) { return number(v, 0, 1e9, o.dead_letters_per_second); },
     FIELD(dead_letters_per_second)},
    {"freshet_dead_letter_burst", "integer", "1 to 1000000000", "--dead-letter-burst",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 1'000'000'000, o.dead_letter_burst); },
     FIELD(dead_letter_burst)},
    {"freshet_log_level", "level", "debug, info, warn, error", "--log-level, at once",
     [](LiveOptions& o, std::string_view v) -> Status {
       const auto level = log_level_from(v);
       if (!level) return failure(ErrorKind::Invalid, "is none of: debug, info, warn, error");
       o.log_level = *level;
       return {};
     },
     FIELD(log_level)},
    {"freshet_progress_timeout_secs", "integer", "0 (off) to 86400 s", "--progress-timeout, at once",
     [](LiveOptions& o, std::string_view v) { return whole_seconds(v, 0, 86'400, o.renewal.progress_timeout); },
     FIELD(renewal.progress_timeout)},
    {"kafka_consumer_periodic_restart__<group>", "flag", "1, true, 0, false in any case",
     "--renew, on the running session; a bad value: off",
     [](LiveOptions& o, std::string_view v) { return flag(v, o.renewal.enabled); }, FIELD(renewal.enabled),
     [](LiveOptions& to, const LiveOptions&) { to.renewal.enabled = false; }},
    {"kafka_consumer_periodic_restart_interval_secs__<group>", "integer", "1 s and more",
     "--renew-interval, from the start of the running session; a bad value: 900",
     [](LiveOptions& o, std::string_view v) { return any_seconds(v, 1, o.renewal.interval); }, FIELD(renewal.interval),
     [](LiveOptions& to, const LiveOptions&) { to.renewal.interval = RenewalOptions().interval; }},
    {"quantized_rebalance_consumer_group_delay_secs__<group>", "integer", "0 (none) s and more",
     "--quantized-rebalance-consumer-group-delay-secs, also during a wait; a bad value: the setting",
     [](LiveOptions& o, std::string_view v) { return any_seconds(v, 0, o.renewal.tick); }, FIELD(renewal.tick),
     [](LiveOptions& to, const LiveOptions& base) { to.renewal.tick = base.renewal.tick; }},

    {"clickhouse_load_balancing:<storage>", "text", "a mode of ClickHouse", "load_balancing of each insert (in_order)",
     [](LiveOptions& o, std::string_view v) { return word(v, o.insert.load_balancing); }, FIELD(insert.load_balancing)},
    {"clickhouse_load_balancing_first_offset:<storage>", "text", "a number", "load_balancing_first_offset (none)",
     [](LiveOptions& o, std::string_view v) { return word(v, o.insert.load_balancing_first_offset); },
     FIELD(insert.load_balancing_first_offset)},
    {"clickhouse_max_insert_block_size:<storage>", "integer", "1048449 rows and more; less counts as absent",
     "max_insert_block_size of each insert",
     [](LiveOptions& o, std::string_view v) { return integer(v, 0, kAny, o.insert.max_insert_block_size); },
     FIELD(insert.max_insert_block_size)},
    {"clickhouse_write_client_timeouts:<storage>.connect_ms", "integer", "1 to 86400000 ms",
     "name look-up, TCP and TLS; a bad value: 5000",
     [](LiveOptions& o, std::string_view v) { return milliseconds(v, o.insert.connect_timeout); },
     DEFAULTED(insert.connect_timeout)},
    {"clickhouse_write_client_timeouts:<storage>.request_ms", "integer", "1 to 86400000 ms",
     "one attempt; a bad value: 65000",
     [](LiveOptions& o, std::string_view v) { return milliseconds(v, o.insert.request_timeout); },
     DEFAULTED(insert.request_timeout)},
    {"clickhouse_write_client_timeouts:<storage>.pool_idle_ms", "integer", "1 to 86400000 ms",
     "idle connections; a bad value: 45000",
     [](LiveOptions& o, std::string_view v) { return milliseconds(v, o.insert.pool_idle_timeout); },
     DEFAULTED(insert.pool_idle_timeout)},
    {"clickhouse_write_client_timeouts:<storage>.tcp_keepalive_ms", "integer", "1 to 86400000 ms", "a bad value: 15000",
     [](LiveOptions& o, std::string_view v) { return milliseconds(v, o.insert.tcp_keepalive); },
     DEFAULTED(insert.tcp_keepalive)},
    {"clickhouse_write_client_timeouts:<storage>.tcp_keepalive_interval_ms", "integer", "1 to 86400000 ms",
     "a bad value: 5000",
     [](LiveOptions& o, std::string_view v) { return milliseconds(v, o.insert.tcp_keepalive_interval); },
     DEFAULTED(insert.tcp_keepalive_interval)},
    {"clickhouse_write_client_timeouts:<storage>.tcp_keepalive_retries", "integer", "1 to 1000", "a bad value: 3",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 1000, o.insert.tcp_keepalive_retries); },
     DEFAULTED(insert.tcp_keepalive_retries)},
    {"clickhouse_write_retry_policy:<storage>.initial_backoff_ms", "number", "0 ms and more",
     "first attempts of an insert; a bad value: 500",
     [](LiveOptions& o, std::string_view v) { return number(v, 0, 1e9, o.insert.retry_initial_backoff_ms); },
     DEFAULTED(insert.retry_initial_backoff_ms)},
    {"clickhouse_write_retry_policy:<storage>.max_retries", "integer", "0 to 20", "a bad value: 4",
     [](LiveOptions& o, std::string_view v) { return integer(v, 0, 20, o.insert.max_retries); },
     DEFAULTED(insert.max_retries)},
    {"clickhouse_write_retry_policy:<storage>.jitter_factor", "number", "0 to 1", "a bad value: 0.2",
     [](LiveOptions& o, std::string_view v) { return number(v, 0, 1, o.insert.retry_jitter_factor); },
     DEFAULTED(insert.retry_jitter_factor)},
    {"experimental_healthcheck", "flag", "1, true, 0, false in any case",
     "with --health-check snuba: the health file asks for progress",
     [](LiveOptions& o, std::string_view v) { return flag(v, o.experimental_healthcheck); },
     FIELD(experimental_healthcheck)},
    {"consumer.dlq_by_age_sample_rate_by_storage:<storage>", "number", "0 (off) to 1; beyond it the nearer end",
     "share of old messages that goes to the dead letters",
     [](LiveOptions& o, std::string_view v) -> Status {
       const Status status = number(v, -1e300, 1e300, o.dead_letters_by_age.sample_rate);
       if (status) o.dead_letters_by_age.sample_rate = std::clamp(o.dead_letters_by_age.sample_rate, 0.0, 1.0);
       return status;
     },
     FIELD(dead_letters_by_age.sample_rate)},
    {"consumer.dlq_by_age_threshold_seconds", "integer", "1 s and more; less counts as 600", "what is old",
     [](LiveOptions& o, std::string_view v) -> Status {
       int64_t seconds = 0;
       const Status status = integer(v, std::numeric_limits<int64_t>::min(), kAny, seconds);
       if (status) o.dead_letters_by_age.threshold = std::chrono::seconds(seconds > 0 ? seconds : 600);
       return status;
     },
     FIELD(dead_letters_by_age.threshold)},
    {"generic_metrics_use_case_killswitch", "text", "names of use cases",
     "generic metrics: skips messages whose use case occurs in it",
     [](LiveOptions& o, std::string_view v) -> Status {
       o.processors.use_case_killswitch = v;
       return {};
     },
     FIELD(processors.use_case_killswitch)},
    {"eap_items_dlq_grace_period_min:<storage>", "integer", "0 min and more",
     "eap items: what belongs to another week's partition goes to the dead letters, this long after the week began",
     [](LiveOptions& o, std::string_view v) -> Status {
       int64_t minutes = 0;
       const Status status = integer(v, 0, kAny, minutes);
       if (status) o.processors.eap_dlq_grace_period_min = minutes;
       return status;
     },
     FIELD(processors.eap_dlq_grace_period_min)},
    {"eap_items_emit_received_at", "flag", "1, true, 0, false in any case",
     "eap items: the column received_at, at once",
     [](LiveOptions& o, std::string_view v) { return flag(v, o.processors.eap_emit_received_at); },
     FIELD(processors.eap_emit_received_at)},
    {"eap_items_drop_invalid_timestamps", "flag", "1, true, 0, false in any case",
     "eap items: skips what is over 7 days ahead or 30 days behind",
     [](LiveOptions& o, std::string_view v) { return flag(v, o.processors.eap_drop_invalid_timestamps); },
     FIELD(processors.eap_drop_invalid_timestamps)},
    {"max_spans_per_transaction", "number", "0 and more", "transactions: records of one message; a bad value: 2000",
     [](LiveOptions& o, std::string_view v) -> Status {
       double most = 0;
       const Status status = number(v, 0, 1e15, most);
       if (status) o.processors.max_spans_per_transaction = static_cast<uint64_t>(std::ceil(most));
       return status;
     },
     DEFAULTED(processors.max_spans_per_transaction)},
};

#undef DEFAULTED
#undef FIELD

}  // namespace

std::span<const LiveOption> table() { return kTable; }

std::string key_of(const LiveOption& option, const OptionScope& scope) {
  std::string key(option.key);
  for (const auto& [placeholder, name] :
       {std::pair<std::string_view, const std::string*>{"<group>", &scope.consumer_group},
        {"<storage>", &scope.storage}}) {
    const size_t at = key.find(placeholder);
    if (at == std::string::npos) continue;
    if (name->empty()) return {};
    key.replace(at, placeholder.size(), *name);
  }
  return key;
}

LiveOptions read_options(const RawOptions& raw, const OptionScope& scope, const LiveOptions& base,
                         const LiveOptions& last, std::vector<BadOption>& bad) {
  LiveOptions out = base;
  for (const LiveOption& option : kTable) {
    const auto found = raw.find(key_of(option, scope));
    if (found == raw.end() || found->first.empty()) continue;
    if (const Status status = option.apply(out, found->second); !status) {
      if (option.when_bad != nullptr) {
        option.when_bad(out, base);
      } else {
        option.copy(out, last);
      }
      bad.push_back({found->first, found->second, status.error().text});
    }
  }
  return out;
}

std::string to_markdown() {
  std::string out = R"md(# Runtime options

Live options are read from the store that `--runtime-config` names and take effect within two seconds, without a
restart:

- `file:PATH`: a YAML or JSON map of the keys below. Replace the file or edit it; it is read again when it changes.
- `redis://[[USER]:PASSWORD@]HOST:PORT/DB`, user and password percent-encoded (`@` is `%40`, `:` is `%3A`, `/` is `%2F`,
  `%` is `%25`): the hash `--runtime-config-hash` (`snuba-config`) in database DB (1 when left out), its values typed as Python's int() and float() type them. `redis-cli -n 1 HSET snuba-config freshet_max_batch_time_ms 500`

`freshet rust-consumer` also reads Snuba's options file, `$SENTRY_OPTIONS_DIR/values/snuba/values.json` (without the
variable below /etc/sentry-options, else ./sentry-options), where options of a storage or group are dictionaries: the
key `clickhouse_load_balancing:errors` is `{"clickhouse_load_balancing": {"errors": ...}}` there, and
`kafka_consumer_periodic_restart__my-group` is `{"kafka_consumer_periodic_restart": {"my-group": ...}}`. It reads the
hash too where REDIS_HOST is set or `--runtime-config` is given; the hash wins key by key.

`<group>` stands for the consumer group (`kafka_consumer_periodic_restart__events-to-clickhouse`), `<storage>` for
Snuba's storage. A bad value is
refused by key, logged once and counted (`freshet_runtime_config_refused_total`); the value in force stays, unless
the table says otherwise. Each change is logged with the old and the new value. A key that is removed goes back to the value the process was started with. A store that is down changes
nothing (`freshet_runtime_config_up` is 0). Other keys are ignored.

| Key | Type | Range | Affects |
|---|---|---|---|
)md";
  for (const LiveOption& option : kTable) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", option.key, option.type, option.range, option.affects);
  }
  return out;
}

}  // namespace freshet::runtime_config
