#include "runtime_config/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime_config/option_values.h"

namespace freshet::runtime_config {
namespace {

constexpr int64_t kAny = Range::kAny;
constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kYearSeconds = 365 * 24 * 3600;

constexpr Range kMilliseconds{1, kDayMs, "ms"};
constexpr OptionFlag kNoFlag{};
constexpr std::string_view kFlagValues = "1, true, 0, false in any case";

// How a field of LiveOptions is copied and printed.
#define FIELD(expression)                                                            \
  [](LiveOptions& to, const LiveOptions& from) { to.expression = from.expression; }, \
      [](const LiveOptions& o) { return shown(o.expression); }

// FIELD, and parsed by its type within the range of the line.
#define VALUE(expression)                                                                                    \
  [](LiveOptions& o, std::string_view v, const Range& range) { return read_value(v, range, o.expression); }, \
      FIELD(expression)

// FIELD, and parsed as a word that becomes part of a URL.
#define WORD(expression) \
  [](LiveOptions& o, std::string_view v, const Range&) { return read_word(v, o.expression); }, FIELD(expression)

constexpr LiveOption kTable[] = {
    {"freshet_max_batch_size",
     "integer",
     "",
     {1, 999'999, "rows"},
     {"max-batch-size", "Batches", "ROWS", "maximum rows of a batch"},
     "from the next batch on",
     VALUE(max_batch_rows)},
    {"freshet_max_batch_bytes",
     "integer",
     "",
     {1024, 200'000'000, "bytes"},
     {"max-batch-bytes", "Batches", "BYTES", "maximum bytes of a batch, uncompressed"},
     "from the next batch on",
     VALUE(max_batch_bytes)},
    {"freshet_max_batch_time_ms",
     "integer",
     "",
     {1, 600'000, "ms"},
     {"max-batch-time-ms", "Batches", "MS", "maximum age of a batch's oldest message"},
     "at once",
     VALUE(max_batch_time)},
    {"freshet_clickhouse_concurrency",
     "integer",
     "",
     {1, 64},
     {"clickhouse-concurrency", "ClickHouse", "N", "concurrent inserts"},
     "from the next batch on",
     VALUE(clickhouse_concurrency)},
    {"freshet_dead_letters_per_second",
     "number",
     "",
     {0, 1'000'000'000, "", "no limit"},
     {"dead-letters-per-second", "Dead letters", "N",
      "a partition that sustains more than this is blocked: a flood means a broken producer; 0 = no limit"},
     "a new value also resumes partitions that the old limit blocks",
     VALUE(dead_letters_per_second)},
    {"freshet_dead_letter_burst",
     "integer",
     "",
     {1, 1'000'000'000},
     {"dead-letter-burst", "Dead letters", "N", "dead letters that may be sent at once before the limit applies"},
     "",
     VALUE(dead_letter_burst)},
    {"freshet_log_level",
     "level",
     "debug, info, warn, error",
     {},
     {"log-level", "Operation", "debug|info|warn|error", "least severe level that is logged"},
     "at once",
     VALUE(log_level)},
    {"kafka_consumer_periodic_restart__<group>",
     "flag",
     kFlagValues,
     {},
     {"renew", "Renewal", "", "recreate the Kafka consumer every --renew-interval"},
     "on the running consumer",
     VALUE(renewal.enabled),
     WhenBad::Default},
    {"kafka_consumer_periodic_restart_interval_secs__<group>",
     "integer",
     "",
     {1, kAny, "s"},
     {"renew-interval", "Renewal", "SECONDS", "time from the start of one Kafka consumer to the next", kYearSeconds},
     "from the start of the running consumer",
     VALUE(renewal.interval),
     WhenBad::Default},
    {"quantized_rebalance_consumer_group_delay_secs__<group>",
     "integer",
     "",
     {0, kAny, "s", "none"},
     {"quantized-rebalance-consumer-group-delay-secs", "Renewal", "SECONDS",
      "join and leave the group only at multiples of this of the wall clock; 0 = at once"},
     "also during a wait",
     VALUE(renewal.tick),
     WhenBad::StartValue},
    {"freshet_progress_timeout_secs",
     "integer",
     "",
     {0, 86'400, "s", "off"},
     {"progress-timeout", "Renewal", "SECONDS",
      "re-seek a partition with lag that delivers nothing for this long; if that fails, recreate the consumer; 0 = "
      "off"},
     "at once",
     VALUE(renewal.progress_timeout)},

    {"clickhouse_load_balancing:<storage>",
     "text",
     "a mode of ClickHouse",
     {},
     kNoFlag,
     "load_balancing of each insert (in_order)",
     WORD(insert.load_balancing)},
    {"clickhouse_load_balancing_first_offset:<storage>",
     "text",
     "a number",
     {},
     kNoFlag,
     "load_balancing_first_offset (none)",
     WORD(insert.load_balancing_first_offset)},
    {"clickhouse_max_insert_block_size:<storage>",
     "integer",
     "1048449 rows and more; less counts as absent",
     {},
     kNoFlag,
     "max_insert_block_size of each insert",
     VALUE(insert.max_insert_block_size)},
    {"clickhouse_write_client_timeouts:<storage>.connect_ms", "integer", "", kMilliseconds, kNoFlag,
     "name look-up, TCP and TLS", VALUE(insert.connect_timeout), WhenBad::StartValue},
    {"clickhouse_write_client_timeouts:<storage>.request_ms", "integer", "", kMilliseconds, kNoFlag, "one attempt",
     VALUE(insert.request_timeout), WhenBad::StartValue},
    {"clickhouse_write_client_timeouts:<storage>.pool_idle_ms", "integer", "", kMilliseconds, kNoFlag,
     "idle connections", VALUE(insert.pool_idle_timeout), WhenBad::StartValue},
    {"clickhouse_write_client_timeouts:<storage>.tcp_keepalive_ms", "integer", "", kMilliseconds, kNoFlag, "",
     VALUE(insert.tcp_keepalive), WhenBad::StartValue},
    {"clickhouse_write_client_timeouts:<storage>.tcp_keepalive_interval_ms", "integer", "", kMilliseconds, kNoFlag, "",
     VALUE(insert.tcp_keepalive_interval), WhenBad::StartValue},
    {"clickhouse_write_client_timeouts:<storage>.tcp_keepalive_retries",
     "integer",
     "",
     {1, 1000},
     kNoFlag,
     "",
     VALUE(insert.tcp_keepalive_retries),
     WhenBad::StartValue},
    {"clickhouse_write_retry_policy:<storage>.initial_backoff_ms",
     "number",
     "",
     {0, 1'000'000'000, "ms"},
     kNoFlag,
     "first attempts of an insert",
     VALUE(insert.retry_initial_backoff_ms),
     WhenBad::StartValue},
    {"clickhouse_write_retry_policy:<storage>.max_retries",
     "integer",
     "",
     {0, 20},
     kNoFlag,
     "",
     VALUE(insert.max_retries),
     WhenBad::StartValue},
    {"clickhouse_write_retry_policy:<storage>.jitter_factor",
     "number",
     "",
     {0, 1},
     kNoFlag,
     "",
     VALUE(insert.retry_jitter_factor),
     WhenBad::StartValue},
    {"experimental_healthcheck",
     "flag",
     kFlagValues,
     {},
     kNoFlag,
     "with --health-check snuba: the health file is touched only while offsets are committed or no messages arrive",
     VALUE(experimental_healthcheck)},
    {"consumer.dlq_by_age_sample_rate_by_storage:<storage>",
     "number",
     "0 (off) to 1; values outside count as 0 or 1",
     {},
     kNoFlag,
     "share of old messages that is sent to the dead-letter topic",
     [](LiveOptions& o, std::string_view v, const Range&) -> Status {
       const Status status = read_number(v, -1e300, 1e300, o.dead_letters_by_age.sample_rate);
       if (status) o.dead_letters_by_age.sample_rate = std::clamp(o.dead_letters_by_age.sample_rate, 0.0, 1.0);
       return status;
     },
     FIELD(dead_letters_by_age.sample_rate)},
    {"consumer.dlq_by_age_threshold_seconds",
     "integer",
     "1 s and more; less counts as absent",
     {std::numeric_limits<int64_t>::min()},
     kNoFlag,
     "age from which a message counts as old",
     [](LiveOptions& o, std::string_view v, const Range& range) -> Status {
       int64_t seconds = 0;
       const Status status = read_integer(v, range, seconds);
       if (!status) return status;
       o.dead_letters_by_age.threshold = seconds > 0 ? std::chrono::seconds(seconds) : DeadLettersByAge().threshold;
       return {};
     },
     FIELD(dead_letters_by_age.threshold)},
    {"generic_metrics_use_case_killswitch",
     "text",
     "names of use cases",
     {},
     kNoFlag,
     "generic metrics: skips messages whose use case occurs in it",
     [](LiveOptions& o, std::string_view v, const Range&) -> Status {
       o.processors.use_case_killswitch = v;
       return {};
     },
     FIELD(processors.use_case_killswitch)},
    {"eap_items_dlq_grace_period_min:<storage>",
     "integer",
     "",
     {0, kAny, "min"},
     kNoFlag,
     "eap items: items of another week are sent to the dead-letter topic, except this long around the change of the "
     "week",
     VALUE(processors.eap_dlq_grace_period_min)},
    {"eap_items_emit_received_at",
     "flag",
     kFlagValues,
     {},
     kNoFlag,
     "eap items: the column received_at, at once",
     VALUE(processors.eap_emit_received_at)},
    {"eap_items_drop_invalid_timestamps",
     "flag",
     kFlagValues,
     {},
     kNoFlag,
     "eap items: skips items more than 7 days ahead or 30 days behind",
     VALUE(processors.eap_drop_invalid_timestamps)},
    {"max_spans_per_transaction",
     "number",
     "0 and more",
     {},
     kNoFlag,
     "transactions: records of one message",
     [](LiveOptions& o, std::string_view v, const Range&) -> Status {
       double most = 0;
       const Status status = read_number(v, 0, 1e15, most);
       if (status) o.processors.max_spans_per_transaction = static_cast<uint64_t>(std::ceil(most));
       return status;
     },
     FIELD(processors.max_spans_per_transaction),
     WhenBad::StartValue},
};

#undef WORD
#undef VALUE
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

}  // namespace freshet::runtime_config
