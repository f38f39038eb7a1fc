// Collects rows for the next batch and decides when to seal it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/batch.h"
#include "model/options.h"
#include "ports/batch_measure.h"
#include "stream/insert_token.h"
#include "stream/partition_state.h"

namespace freshet::stream {

// Threads: the loop only.
class Batcher {
 public:
  explicit Batcher(TokenScope scope) : scope_(std::move(scope)) {}
  // As reported by the broker; known from the first assignment on.
  void set_cluster_id(std::string cluster_id) { scope_.cluster_id = std::move(cluster_id); }
  // LiveOptions::max_batch_rows then limits the sum of `measure` instead of rows; null = rows. Call before add().
  void measure_with(std::unique_ptr<BatchMeasure> measure) { measure_ = std::move(measure); }

  // Chunks of a partition must arrive in offset order and with non-decreasing `since`. Only chunks with `covered`
  // offsets.
  void add(WaitingRows rows);
  // Removes and returns the rows of the partition, in offset order.
  PendingRows take(Partition partition);

  bool empty() const { return waiting_.empty(); }
  SteadyTime oldest() const { return waiting_.front().since; }  // requires !empty()
  // The row or byte limit is reached.
  bool full(const LiveOptions& options) const;
  bool due(const LiveOptions& options, SteadyTime now, bool no_more = false) const;
  // When due() becomes true by age; nullopt if empty. With `no_more` (waiting would not make the batch larger) it is
  // due at once.
  std::optional<SteadyTime> due_at(const LiveOptions& options, bool no_more = false) const;
  // Takes the oldest rows up to the limits, all of one layout. Only a single chunk that is itself larger than a limit
  // exceeds it. Requires !empty().
  std::shared_ptr<const SealedBatch> seal(const LiveOptions& options, SteadyTime now);

  // Backs off after "too many parts": doubles the batch limits, up to 16 times. recover() halves the factor after each
  // minute without another.
  void slow_down(SteadyTime now);
  uint32_t slowed() const { return factor_; }
  void recover(SteadyTime now);

 private:
  uint64_t measure_again();
  uint64_t max_size(const LiveOptions& options) const;
  uint64_t max_bytes(const LiveOptions& options) const;

  TokenScope scope_;
  std::deque<WaitingRows> waiting_;  // oldest first
  std::unique_ptr<BatchMeasure> measure_;
  uint64_t size_ = 0;  // rows, or the sum of measure_
  uint64_t bytes_ = 0;
  uint64_t next_id_ = 1;
  uint32_t factor_ = 1;
  SteadyTime slowed_at_{};
};

}  // namespace freshet::stream
