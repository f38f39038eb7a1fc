#include "stream/progress_log.h"

#include <chrono>
#include <cmath>

#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

constexpr Duration kInterval = std::chrono::minutes(1);

}  // namespace

void ProgressLog::observe(const StreamStatus& status, SteadyTime now, Log& log) {
  if (now - last_ < kInterval) return;
  const double seconds = to_seconds(now - last_);
  int64_t lag = 0;
  for (const PartitionStatus& partition : status.partitions) lag += partition.lag.value_or(0);
  const uint64_t rows = status.rows_written - rows_;
  const uint64_t dead = status.dead_letters - dead_letters_;
  last_ = now;
  rows_ = status.rows_written;
  dead_letters_ = status.dead_letters;
  if (rows == 0 && dead == 0 && lag == 0) return;
  log.emit(Progress{status.topic, rows, std::round(static_cast<double>(rows) / seconds * 10) / 10, lag, dead,
                    status.rows_written});
}

}  // namespace freshet::stream
