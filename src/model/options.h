// Live options and their defaults: one immutable snapshot, so that a change takes effect as a whole. So it also holds
// options of data sets and of Snuba's inserts. Names, ranges and flags are in runtime_config/table.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/log.h"

namespace freshet {

// Live options of the processors of single data sets.
struct ProcessorOptions {
  std::string use_case_killswitch;                  // generic metrics: skip use cases whose name occurs in it
  std::optional<int64_t> eap_dlq_grace_period_min;  // eap items: minutes, >= 0; nullopt = off
  bool eap_emit_received_at = false;                // eap items: add a column
  bool eap_drop_invalid_timestamps = false;         // eap items: skip timestamps far from now
  uint64_t max_spans_per_transaction = 2000;        // transactions: omit spans beyond it
  auto operator<=>(const ProcessorOptions&) const = default;
};

// How inserts of Snuba's consumers are sent, for this storage (docs/snuba.md). Read for each attempt; the retry policy
// for each batch. Values that Snuba ignores as invalid are replaced by the default.
struct InsertOptions {
  std::string load_balancing = "in_order";
  std::string load_balancing_first_offset;  // empty = omit it
  uint64_t max_insert_block_size = 0;       // below 1,048,449: freshet's own value
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds request_timeout{65'000};
  std::chrono::milliseconds pool_idle_timeout{45'000};
  std::chrono::milliseconds tcp_keepalive{15'000};
  std::chrono::milliseconds tcp_keepalive_interval{5000};
  uint32_t tcp_keepalive_retries = 3;
  double retry_initial_backoff_ms = 500;  // >= 0
  uint32_t max_retries = 4;               // 0 .. 20
  double retry_jitter_factor = 0.2;       // 0 .. 1
  auto operator<=>(const InsertOptions&) const = default;
};

// Messages older than the threshold become dead letters without being processed.
struct DeadLettersByAge {
  double sample_rate = 0;               // 0 .. 1; 0 = off
  std::chrono::seconds threshold{600};  // > 0
  auto operator<=>(const DeadLettersByAge&) const = default;
};

// When this process renews its Kafka consumer, and at which wall-clock ticks it joins and leaves the group.
struct RenewalOptions {
  bool enabled = false;
  std::chrono::seconds interval{900};         // from the start of a consumer, >= 1
  std::chrono::seconds tick{0};               // multiples since 1970; 0 = none
  std::chrono::seconds progress_timeout{60};  // of the watchdog, 0 = off
  auto operator<=>(const RenewalOptions&) const = default;
};

struct LiveOptions {
  uint64_t max_batch_rows = 50'000;
  uint64_t max_batch_bytes = 40 * 1024 * 1024;
  std::chrono::milliseconds max_batch_time{2000};
  uint32_t clickhouse_concurrency = 2;   // concurrent inserts
  double dead_letters_per_second = 100;  // sustained rate; 0 = no limit
  uint64_t dead_letter_burst = 10'000;   // size of the token bucket
  InsertOptions insert;
  DeadLettersByAge dead_letters_by_age;
  RenewalOptions renewal;
  LogLevel log_level = LogLevel::Info;
  bool experimental_healthcheck = false;  // the health file requires progress, where allowed (admin_settings.h)
  ProcessorOptions processors;
  auto operator<=>(const LiveOptions&) const = default;
};

}  // namespace freshet
