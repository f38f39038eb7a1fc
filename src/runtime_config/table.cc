#include "runtime_config/table.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

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

constexpr LiveOption kTable[] = {
    {"freshet_max_batch_size", "integer", "1 to 999999 rows", "--max-batch-size, from the next batch on",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 999'999, o.max_batch_rows); },
     [](LiveOptions& to, const LiveOptions& from) { to.max_batch_rows = from.max_batch_rows; }},
    {"freshet_max_batch_bytes", "integer", "1024 to 200000000 bytes", "--max-batch-bytes, from the next batch on",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1024, 200'000'000, o.max_batch_bytes); },
     [](LiveOptions& to, const LiveOptions& from) { to.max_batch_bytes = from.max_batch_bytes; }},
    {"freshet_max_batch_time_ms", "integer", "1 to 600000 ms", "--max-batch-time-ms, at once",
     [](LiveOptions& o, std::string_view v) -> Status {
       int64_t ms = 0;
       const Status status = integer(v, 1, 600'000, ms);
       if (status) o.max_batch_time = std::chrono::milliseconds(ms);
       return status;
     },
     [](LiveOptions& to, const LiveOptions& from) { to.max_batch_time = from.max_batch_time; }},
    {"freshet_clickhouse_concurrency", "integer", "1 to 64", "--clickhouse-concurrency, from the next batch on",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 64, o.clickhouse_concurrency); },
     [](LiveOptions& to, const LiveOptions& from) { to.clickhouse_concurrency = from.clickhouse_concurrency; }},
    {"freshet_dead_letters_per_second", "number", "0 (no limit) to 1000000000",
     "--dead-letters-per-second; a new value also releases partitions that the old limit holds",
     [](LiveOptions& o, std::string_view v) { return number(v, 0, 1e9, o.dead_letters_per_second); },
     [](LiveOptions& to, const LiveOptions& from) { to.dead_letters_per_second = from.dead_letters_per_second; }},
    {"freshet_dead_letter_burst", "integer", "1 to 1000000000", "--dead-letter-burst",
     [](LiveOptions& o, std::string_view v) { return integer(v, 1, 1'000'000'000, o.dead_letter_burst); },
     [](LiveOptions& to, const LiveOptions& from) { to.dead_letter_burst = from.dead_letter_burst; }},
    {"freshet_log_level", "level", "debug, info, warn, error", "--log-level, at once",
     [](LiveOptions& o, std::string_view v) -> Status {
       const auto level = log_level_from(v);
       if (!level) return failure(ErrorKind::Invalid, "is none of: debug, info, warn, error");
       o.log_level = *level;
       return {};
     },
     [](LiveOptions& to, const LiveOptions& from) { to.log_level = from.log_level; }},
};

}  // namespace

std::span<const LiveOption> table() { return kTable; }

LiveOptions read_options(const RawOptions& raw, const LiveOptions& base, const LiveOptions& last,
                         std::vector<BadOption>& bad) {
  LiveOptions out = base;
  for (const LiveOption& option : kTable) {
    const auto found = raw.find(std::string(option.key));
    if (found == raw.end()) continue;
    if (const Status status = option.apply(out, found->second); !status) {
      option.copy(out, last);  // what was in force stays in force
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
      "A bad value is refused by key, logged once and counted (`freshet_runtime_config_refused_total`); the value in "
      "force\n"
      "stays. A key that is removed goes back to the value the process was started with. A store that is down changes\n"
      "nothing (`freshet_runtime_config_up` is 0). Other keys are ignored.\n\n"
      "| Key | Type | Range | Affects |\n|---|---|---|---|\n";
  for (const LiveOption& option : kTable) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", option.key, option.type, option.range, option.affects);
  }
  return out;
}

}  // namespace freshet::runtime_config
