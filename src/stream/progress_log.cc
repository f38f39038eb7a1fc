#include "stream/progress_log.h"

#include <chrono>
#include <cmath>

#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

constexpr Duration kInterval = std::chrono::minutes(1);

}  // namespace

ProgressLog::Counts ProgressLog::Counts::of(const StreamStatus& status) {
  return {status.messages_consumed, status.rows_written, status.dead_letters, status.insert_errors,
          status.kafka_errors};
}

ProgressLog::Counts ProgressLog::Counts::operator-(const Counts& earlier) const {
  return {messages - earlier.messages, rows - earlier.rows, dead_letters - earlier.dead_letters,
          insert_errors - earlier.insert_errors, kafka_errors - earlier.kafka_errors};
}

void ProgressLog::observe(const StreamStatus& status, SteadyTime now, Log& log) {
  if (now - last_ < kInterval) return;
  const double seconds = to_seconds(now - last_);
  int64_t lag = 0;
  uint64_t blocked = 0;
  for (const PartitionStatus& partition : status.partitions) {
    lag += partition.lag.value_or(0);
    blocked += partition.blocked.empty() ? 0 : 1;
  }
  const Counts counts = Counts::of(status);
  const Counts since = counts - counts_;
  last_ = now;
  counts_ = counts;
  if (since == Counts() && lag == 0) return;
  log.emit(Progress{status.topic, since.messages, since.rows,
                    std::round(static_cast<double>(since.rows) / seconds * 10) / 10, lag, since.dead_letters,
                    since.insert_errors, since.kafka_errors, blocked, status.rows_written});
}

}  // namespace freshet::stream
