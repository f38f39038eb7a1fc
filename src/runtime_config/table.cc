#include "runtime_config/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace freshet::runtime_config {
namespace {

// Integers are decimal digits with an optional sign (as the Redis hash of contract appendix A.2 types them).
template <typename T>
Status integer(std::string_view text, int64_t least, int64_t most, T& target) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return failure(ErrorKind::Invalid, fmt::format("is no whole number; use {} to {}", least, most));
  }
  if (value < least || value > most) {
    return failure(ErrorKind::Invalid, fmt::format("is out of range; use {} to {}", least, most));
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

Status whole_seconds(std::string_view text, int64_t least, int64_t most, std::chrono::seconds& target) {
  int64_t seconds = 0;
  const Status status = integer(text, least, most, seconds);
  if (status) target = std::chrono::seconds(seconds);
  return status;
}

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();

// A plain field of LiveOptions: how it is copied and shown.
#define FIELD(expression)                                                            \
  [](LiveOptions& to, const LiveOptions& from) { to.expression = from.expression; }, \
      [](const LiveOptions& o) { return shown(o.expression); }

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
     [](LiveOptions& o, std::string_view v) { return whole_seconds(v, 1, kAny, o.renewal.interval); },
     FIELD(renewal.interval),
     [](LiveOptions& to, const LiveOptions&) { to.renewal.interval = RenewalOptions().interval; }},
    {"quantized_rebalance_consumer_group_delay_secs__<group>", "integer", "0 (none) s and more",
     "--quantized-rebalance-consumer-group-delay-secs, also during a wait; a bad value: the setting",
     [](LiveOptions& o, std::string_view v) { return whole_seconds(v, 0, kAny, o.renewal.tick); }, FIELD(renewal.tick),
     [](LiveOptions& to, const LiveOptions& base) { to.renewal.tick = base.renewal.tick; }},
};

#undef FIELD

}  // namespace

std::span<const LiveOption> table() { return kTable; }

std::string key_of(const LiveOption& option, const OptionScope& scope) {
  constexpr std::string_view kGroup = "<group>";
  if (!option.key.ends_with(kGroup)) return std::string(option.key);
  return std::string(option.key.substr(0, option.key.size() - kGroup.size())) + scope.consumer_group;
}

LiveOptions read_options(const RawOptions& raw, const OptionScope& scope, const LiveOptions& base,
                         const LiveOptions& last, std::vector<BadOption>& bad) {
  LiveOptions out = base;
  for (const LiveOption& option : kTable) {
    const auto found = raw.find(key_of(option, scope));
    if (found == raw.end()) continue;
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
  std::string out =
      "# Runtime options\n\n"
      "Live options are read from the store that `--runtime-config` names and take effect within two seconds, without "
      "a\n"
      "restart:\n\n"
      "- `file:PATH`: a YAML or JSON map of the keys below. Replace the file or edit it; it is read again when it "
      "changes.\n"
      "- `redis://[:PASSWORD@]HOST:PORT/DB`: the hash `--runtime-config-hash` (`snuba-config`) in database DB (1 when\n"
      "  left out). `redis-cli -n 1 HSET snuba-config freshet_max_batch_time_ms 500`\n\n"
      "`<group>` stands for the consumer group (`kafka_consumer_periodic_restart__events-to-clickhouse`). A bad value "
      "is\n"
      "refused by key, logged once and counted (`freshet_runtime_config_refused_total`); the value in force stays, "
      "unless\n"
      "the table says otherwise. Each change is logged with the old and the new value. A key that is removed goes back "
      "to the value the process was started with. A store that is down changes\n"
      "nothing (`freshet_runtime_config_up` is 0). Other keys are ignored.\n\n"
      "| Key | Type | Range | Affects |\n|---|---|---|---|\n";
  for (const LiveOption& option : kTable) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", option.key, option.type, option.range, option.affects);
  }
  return out;
}

}  // namespace freshet::runtime_config
