// What a stored batch says to the metrics (contract 11.1).
#pragma once

#include "base/clock.h"
#include "model/batch.h"
#include "stream/stream_metrics.h"

namespace freshet::stream {

// Latencies, item types and sizes. `now` is compared with message timestamps; a negative age counts as 0.
void count_facts(const SealedBatch& batch, SystemTime now, StreamMetrics& metrics);

// How old the messages of a batch of accepted outcomes are (contract 15); `at` as in StreamMetrics::outcome_latency().
void count_outcome_latency(const SealedBatch& batch, const char* at, SystemTime now, StreamMetrics& metrics);

}  // namespace freshet::stream
