// Collects rows for the next batches, decides when to seal one, and seals it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/batch.h"
#include "model/delivery.h"
#include "model/options.h"
#include "ports/batch_measure.h"
#include "stream/batch_lane.h"
#include "stream/insert_token.h"
#include "stream/partition_state.h"

namespace freshet::stream {

// Which batches to seal now.
enum class SealReason {
  Due,     // those that are full or old enough
  NoRoom,  // waiting would not make them larger: any, the largest first
  Drain,   // all
};

// Threads: the loop only.
class Batcher {
 public:
  // Where the next planned span of the partition begins; nullopt = none may be planned now. Not asked with
  // at-least-once delivery.
  using NextSpan = std::function<std::optional<Offset>(Partition)>;

  explicit Batcher(TokenScope scope) : Batcher(std::move(scope), Delivery::AtLeastOnce, 0, UINT64_MAX) {}
  // With exactly-once delivery each batch is a span of one partition, and `batches_per_second` bounds the rate of
  // batches that are Due: with many partitions, batches wait longer and grow to at most 16 times the limits. While all
  // rows that wait exceed `max_waiting_bytes`, the largest batch is due; beyond twice that, at any rate.
  Batcher(TokenScope scope, Delivery delivery, double batches_per_second, uint64_t max_waiting_bytes);

  // As reported by the broker; known from the first assignment on.
  void set_cluster_id(std::string cluster_id) { scope_.cluster_id = std::move(cluster_id); }
  const TokenScope& scope() const { return scope_; }
  // LiveOptions::max_batch_rows then limits the sum of `measure` instead of rows; null = rows. Call before add().
  // Requires at-least-once delivery.
  void measure_with(std::unique_ptr<BatchMeasure> measure);

  // Chunks of a partition must arrive in offset order and with non-decreasing `since`. Only chunks with `covered`
  // offsets.
  void add(WaitingRows rows);
  // Removes and returns the rows of the partition, in offset order.
  PendingRows take(Partition partition);

  bool empty() const;
  bool has_rows_of(Partition partition) const;
  // When seal() has something next, if nothing is added; nullopt = never.
  std::optional<SteadyTime> due_at(const LiveOptions& options, SealReason reason, const NextSpan& next_span) const;
  // Seals the next batch: the oldest rows of its lane, up to the limits, all of one layout. Null: none is due.
  std::shared_ptr<const SealedBatch> seal(const LiveOptions& options, SealReason reason, SteadyTime now,
                                          const NextSpan& next_span);
  // A batch of these chunks, which are not empty, as the span of one partition. It can be inserted if their layouts fit
  // one insert.
  std::shared_ptr<SealedBatch> seal_span(std::vector<std::shared_ptr<const ProcessedChunk>> chunks, OffsetRange offsets,
                                         uint32_t salt, SteadyTime now);

  // Backs off after "too many parts": doubles the batch limits, up to 16 times. recover() halves the factor after each
  // minute without another.
  void slow_down(SteadyTime now);
  uint32_t slowed() const { return factor_; }
  void recover(SteadyTime now);

 private:
  // For the rows that wait.
  enum class Room { Enough, Little, None };
  using Lanes = std::map<Partition, BatchLane>;

  Partition lane_of(Partition partition) const;
  BatchLimits limits(const LiveOptions& options, uint32_t factor) const;
  SteadyTime lane_due_at(const BatchLane& lane, const LiveOptions& options, SealReason reason) const;
  Lanes::iterator next_lane(const LiveOptions& options, SealReason reason, SteadyTime now, const NextSpan& next_span,
                            Offset& first);
  uint64_t waiting_bytes() const;
  Room room() const;
  SteadyTime pace_allows_at() const;
  void count_batch(SteadyTime now);
  std::shared_ptr<SealedBatch> batch_of(std::vector<std::shared_ptr<const ProcessedChunk>> chunks, SteadyTime oldest,
                                        SteadyTime now);
  std::shared_ptr<SealedBatch> span_of(std::shared_ptr<SealedBatch> batch, OffsetRange offsets, uint32_t salt) const;

  TokenScope scope_;
  const Delivery delivery_;
  const Duration pace_;  // between two batches on average; 0 = no limit
  const uint64_t max_waiting_bytes_;
  std::unique_ptr<BatchMeasure> measure_;
  Lanes lanes_;            // at least once: one, of kAllPartitions
  SteadyTime paced_to_{};  // each batch moves it on by `pace_`
  uint64_t next_id_ = 1;
  uint32_t factor_ = 1;
  SteadyTime slowed_at_{};
};

}  // namespace freshet::stream
