// What the parts of a pipeline share: Pipeline owns one, and each part names in its header what it changes.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/options.h"
#include "model/status.h"
#include "ports/batch_observer.h"
#include "ports/offset_gate.h"
#include "stream/batcher.h"
#include "stream/batches_in_flight.h"
#include "stream/dlq_writer.h"
#include "stream/drain.h"
#include "stream/flow_control.h"
#include "stream/intake.h"
#include "stream/offset_committer.h"
#include "stream/recent_dead_letters.h"
#include "stream/stream_metrics.h"
#include "stream/stream_settings.h"
#include "stream/tracked_partition.h"
#include "stream/work_queue.h"

namespace freshet::stream {

// Counters and last errors, for /status.
struct StreamTotals {
  StreamStatus status;  // without partitions and consumer
  SystemTime wall{};    // the wall-clock time of this turn of the loop

  void kafka_failed(std::string text) {
    ++status.kafka_errors;
    status.last_kafka_error = std::move(text);
    status.last_kafka_error_at = wall;
  }
  void insert_failed(std::string text) {
    ++status.insert_errors;
    status.last_insert_error = std::move(text);
    status.last_insert_error_at = wall;
  }
};

// Threads: the loop only. Lives across all consumers.
struct PipelineState {
  // `gate` may be null (nothing is written beside the rows); it is ignored with skip_write.
  PipelineState(StreamSettings settings, const LiveOptions& options, bool has_dead_letters,
                std::unique_ptr<OffsetGate> gate, StreamMetrics& metrics, Log& log, SteadyTime now);

  // Exactly-once delivery: new batches are planned before they are inserted.
  bool plans_inserts() const { return settings.delivery == Delivery::ExactlyOnce; }
  // A sealed batch is in flight from now on.
  void begin(const std::shared_ptr<const SealedBatch>& batch);

  const StreamSettings settings;
  LiveOptions options;
  const bool has_dead_letters;  // there is a dead-letter topic
  StreamMetrics& metrics;
  Log& log;

  const std::shared_ptr<ByteBudget> budget;
  PartitionTable partitions;
  WorkQueue work;
  FlowControl flow;
  Intake intake;
  OffsetCommitter committer;
  Drain drain;
  Batcher batcher;
  BatchesInFlight batches;
  std::vector<BatchTask> unblocked;  // planned batches that were blocked, with what remains to be inserted
  DlqWriter dlq;
  RecentDeadLetters recent_dead_letters;  // read by other threads
  const std::unique_ptr<OffsetGate> gate;
  std::vector<std::unique_ptr<BatchObserver>> observers;
  StreamTotals totals;
  Duration since_boot{};  // Clock::since_boot() of this turn of the loop
};

}  // namespace freshet::stream
