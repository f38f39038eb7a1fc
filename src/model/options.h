// Live options: one immutable snapshot, replaced as a whole by runtime_config.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/log.h"

namespace freshet {

struct LiveOptions {
  uint64_t max_batch_rows = 50'000;                // 1 .. 999,999
  uint64_t max_batch_bytes = 64 * 1024 * 1024;     // 1 KiB .. 200 MB
  std::chrono::milliseconds max_batch_time{2000};  // 1 ms .. 10 min
  uint32_t clickhouse_concurrency = 2;             // inserts at a time, 1 .. 64
  double dead_letters_per_second = 100;            // sustained rate; 0 = no limit
  uint64_t dead_letter_burst = 10'000;             // how many may come at once
  LogLevel log_level = LogLevel::Info;
  auto operator<=>(const LiveOptions&) const = default;
};

}  // namespace freshet
