// Rows that wait for the next batch, and when it is sealed.
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
  // What the broker calls the cluster; becomes known with the first assignment.
  void set_cluster_id(std::string cluster_id) { scope_.cluster_id = std::move(cluster_id); }
  // LiveOptions::max_batch_rows then limits what `measure` says instead of rows; null = rows. Before the first add().
  void measure_with(std::unique_ptr<BatchMeasure> measure) { measure_ = std::move(measure); }

  // Chunks of a partition must come in the order of their offsets, which is that of their times; only those that are
  // covered by a batch.
  void add(WaitingRows rows);
  // Takes the partition's rows out again, in the order of their offsets.
  PendingRows take(Partition partition);

  bool empty() const { return waiting_.empty(); }
  SteadyTime oldest() const { return waiting_.front().since; }  // not empty()
  // By rows, bytes, or the age of the oldest row.
  bool full(const LiveOptions& options) const;
  bool due(const LiveOptions& options, SteadyTime now, bool no_more = false) const;
  // When due() becomes true by age; empty without rows.
  // At once where `no_more` comes, so that waiting would make the batch no larger.
  std::optional<SteadyTime> due_at(const LiveOptions& options, bool no_more = false) const;
  // Takes the oldest rows up to the limits, all of one layout. A limit is passed only by a single chunk that is larger
  // than it. Not empty().
  std::shared_ptr<const SealedBatch> seal(const LiveOptions& options, SteadyTime now);

  // "Too many parts": larger, rarer batches, up to 16 times; each calm minute halves that again.
  void slow_down(SteadyTime now);
  uint32_t slowed() const { return factor_; }
  void recover(SteadyTime now);

 private:
  uint64_t measure_again();
  uint64_t max_size(const LiveOptions& options) const;
  uint64_t max_bytes(const LiveOptions& options) const;

  TokenScope scope_;
  std::deque<WaitingRows> waiting_;  // the oldest first
  std::unique_ptr<BatchMeasure> measure_;
  uint64_t size_ = 0;  // rows, or what measure_ says
  uint64_t bytes_ = 0;
  uint64_t next_id_ = 1;
  uint32_t factor_ = 1;
  SteadyTime slowed_at_{};
};

}  // namespace freshet::stream
