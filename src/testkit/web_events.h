// Realistic web events for the demo, the benchmarks and the tests. The same seed gives the same events.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace freshet::testkit {

// Columns of a table with one column per field of an event.
extern const char* const kWebEventColumns;

// Threads: one at a time.
class WebEvents {
 public:
  // `bytes` pads each event to about that size (0 = no padding, about 400 bytes).
  explicit WebEvents(uint64_t seed, size_t bytes = 0) : random_(seed), bytes_(bytes) {}

  // One JSON object; `id` becomes its field event_id, `at_ms` its timestamp (milliseconds since 1970 UTC).
  std::string valid(uint64_t id, int64_t at_ms);
  // A message that is not a JSON object: truncated, wrong syntax, invalid UTF-8 or another top-level type, in turn.
  std::string malformed(uint64_t id, int64_t at_ms);

 private:
  uint64_t below(uint64_t n) { return random_() % n; }

  std::mt19937_64 random_;
  size_t bytes_;
  uint64_t malformed_ = 0;
};

}  // namespace freshet::testkit
