// Live options: one immutable snapshot, replaced as a whole by runtime_config. Each member's value here is the
// program's default; names, ranges and flags are in runtime_config/table.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/log.h"

namespace freshet {

// What the processors of single data sets take from the live options.
struct ProcessorOptions {
  std::string use_case_killswitch;                  // generic metrics: skips use cases whose name occurs in it
  std::optional<int64_t> eap_dlq_grace_period_min;  // eap items: minutes, >= 0; none = off
  bool eap_emit_received_at = false;                // eap items: one more column
  bool eap_drop_invalid_timestamps = false;         // eap items: skips what is far from now
  uint64_t max_spans_per_transaction = 2000;        // transactions: those beyond it are left out
  auto operator<=>(const ProcessorOptions&) const = default;
};

// How the inserts of Snuba's consumers are sent, for this storage (docs/snuba.md); read for each attempt, the retry
// policy for each batch. A value that Snuba ignores as invalid is not in here: its default is.
struct InsertOptions {
  std::string load_balancing = "in_order";
  std::string load_balancing_first_offset;  // empty = left out
  uint64_t max_insert_block_size = 0;       // below 1,048,449 = freshet's own
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

// When this process renews its Kafka consumer, and on which ticks of the wall clock it joins and leaves the group.
struct RenewalOptions {
  bool enabled = false;
  std::chrono::seconds interval{900};         // >= 1, from a consumer's start
  std::chrono::seconds tick{0};               // multiples of it since 1970; 0 = none
  std::chrono::seconds progress_timeout{60};  // of the watchdog, 0 = off
  auto operator<=>(const RenewalOptions&) const = default;
};

struct LiveOptions {
  uint64_t max_batch_rows = 50'000;
  uint64_t max_batch_bytes = 64 * 1024 * 1024;
  std::chrono::milliseconds max_batch_time{2000};
  uint32_t clickhouse_concurrency = 2;   // inserts at a time
  double dead_letters_per_second = 100;  // sustained rate; 0 = no limit
  uint64_t dead_letter_burst = 10'000;   // how many may come at once
  InsertOptions insert;
  DeadLettersByAge dead_letters_by_age;
  RenewalOptions renewal;
  LogLevel log_level = LogLevel::Info;
  bool experimental_healthcheck = false;  // the health file asks for progress, where it may (admin_settings.h)
  ProcessorOptions processors;
  auto operator<=>(const LiveOptions&) const = default;
};

}  // namespace freshet
