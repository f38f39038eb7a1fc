// Metrics of a stored batch.
#pragma once

#include "base/clock.h"
#include "model/batch.h"
#include "stream/stream_metrics.h"

namespace freshet::stream {

// Observes latencies and sizes. Latencies are `now` minus the message timestamps; a negative age counts as 0.
void count_stats(const SealedBatch& batch, SystemTime now, StreamMetrics& metrics);

}  // namespace freshet::stream
