// Live options: one immutable snapshot, replaced as a whole by runtime_config.
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
  auto operator<=>(const ProcessorOptions&) const = default;
};

struct LiveOptions {
  uint64_t max_batch_rows = 50'000;                // 1 .. 999,999
  uint64_t max_batch_bytes = 64 * 1024 * 1024;     // 1 KiB .. 200 MB
  std::chrono::milliseconds max_batch_time{2000};  // 1 ms .. 10 min
  uint32_t clickhouse_concurrency = 2;             // inserts at a time, 1 .. 64
  double dead_letters_per_second = 100;            // sustained rate; 0 = no limit
  uint64_t dead_letter_burst = 10'000;             // how many may come at once
  LogLevel log_level = LogLevel::Info;
  ProcessorOptions processors;
  auto operator<=>(const LiveOptions&) const = default;
};

}  // namespace freshet
