// What the stream needs to know; filled by settings. What may change while it runs is in model/options.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace freshet::stream {

// What becomes of a message that cannot become rows when there is no dead-letter topic.
enum class OnInvalid { Hold, Drop };

struct StreamSettings {
  std::string topic;
  std::string table;
  std::string consumer_group;
  uint32_t concurrency = 1;                      // processing workers, 1..256
  uint32_t max_writers = 64;                     // upper bound of LiveOptions::clickhouse_concurrency
  uint64_t memory_limit = 256ull * 1024 * 1024;  // bytes in flight, >= 16 MiB; pauses above, resumes below half
  std::chrono::milliseconds drain_timeout{8000};
  std::chrono::milliseconds commit_interval{1000};  // at most one commit per interval, also one at each drain
  OnInvalid on_invalid = OnInvalid::Hold;
  std::optional<int64_t> stop_at_timestamp_ms;  // broker timestamps, milliseconds since 1970 UTC
};

}  // namespace freshet::stream
