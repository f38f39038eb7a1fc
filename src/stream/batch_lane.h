// The rows that wait for the next batches of a lane, oldest first. With at-least-once delivery all partitions share one
// lane; with exactly-once delivery each partition has its own, because only its owner can repeat its batches.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "ports/batch_measure.h"
#include "stream/partition_state.h"

namespace freshet::stream {

struct BatchLimits {
  uint64_t size = 0;  // rows, or the sum of a BatchMeasure
  uint64_t bytes = 0;
};

// Threads: the loop only.
class BatchLane {
 public:
  // `measure` is borrowed; null = batches are measured in rows.
  explicit BatchLane(BatchMeasure* measure = nullptr) : measure_(measure) {}

  // Chunks of a partition must arrive in offset order and with non-decreasing `since`.
  void add(WaitingRows rows);
  // Removes and returns the rows of the partition, in offset order.
  PendingRows take(Partition partition);

  bool empty() const { return waiting_.empty(); }
  SteadyTime oldest() const { return waiting_.front().since; }  // requires !empty()
  uint64_t bytes() const { return bytes_; }
  bool full(const BatchLimits& limits) const { return size_ >= limits.size || bytes_ >= limits.bytes; }
  // Takes the oldest chunks up to the limits, all of one layout. Only a single chunk that is itself larger than a limit
  // exceeds it. Requires !empty().
  std::vector<std::shared_ptr<const ProcessedChunk>> take_batch(const BatchLimits& limits);

 private:
  uint64_t measure_again();

  BatchMeasure* measure_;
  std::deque<WaitingRows> waiting_;
  uint64_t size_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace freshet::stream
