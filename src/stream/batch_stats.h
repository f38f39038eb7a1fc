// What a stored batch says to the metrics.
#pragma once

#include "base/clock.h"
#include "model/batch.h"
#include "stream/stream_metrics.h"

namespace freshet::stream {

// Latencies and sizes. `now` is compared with message timestamps; a negative age counts as 0.
void count_stats(const SealedBatch& batch, SystemTime now, StreamMetrics& metrics);

}  // namespace freshet::stream
