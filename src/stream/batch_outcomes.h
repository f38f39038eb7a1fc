// What follows from the result of a batch: its offsets are finished, its rejected messages become dead letters, or it
// is blocked until an operator decides.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/ids.h"
#include "model/skip.h"
#include "ports/offset_gate.h"
#include "stream/batch_task.h"
#include "stream/blocked_partitions.h"
#include "stream/commands.h"
#include "stream/dead_letters.h"
#include "stream/pipeline_state.h"

namespace freshet::stream {

// Threads: the loop only. Changes batches, offsets and blocks of partitions, and counts what was written.
class BatchOutcomes {
 public:
  BatchOutcomes(PipelineState& state, DeadLetters& dead_letters, BlockedPartitions& blocked)
      : state_(state), dead_letters_(dead_letters), blocked_(blocked) {}

  // The last result of the batch, or of the remainder of one that was blocked.
  void result(BatchResult result, SteadyTime now);
  // One insert failed and will be retried.
  void insert_failed(uint64_t batch, const InsertFailure& failure, SteadyTime now);
  // Nothing beside the rows is open for these parts and records any more.
  void finish(const OffsetGate::Finished& finished);

  // Retries blocked batches whose automatic retry is due.
  void retry_due(SteadyTime now, Commands& commands);
  // Abandons batches without any partition of this process; otherwise they would be retried, and occupy a writer, for
  // as long as ClickHouse is unavailable or rejects them.
  void abandon_unowned_batches(Commands& commands);

  // A batch with rows of the partition is blocked, and the partition is blocked for no other reason that a skip could
  // resolve.
  bool blocks(Partition partition) const;
  // Applies the operator's decision about the blocked batch with rows of the partition. Without a resolution, messages
  // that no insert accepts count as bad data.
  Result<SkipResult> resolve(Partition partition, std::optional<Resolution> resolution, SteadyTime now,
                             Commands& commands);

 private:
  void count_written(const SealedBatch& batch, uint64_t rows, uint64_t bytes, SteadyTime now);
  void block(BatchResult result, SteadyTime now);
  void drop_blocked(uint64_t batch);
  void write_again(uint64_t batch, Commands& commands);
  void send_again(BatchTask task, Commands& commands);
  void unblock_written(const SealedBatch& batch);
  void add_dead_letter(const SealedBatch& batch, const RejectedMessage& message);
  Status may_resolve(Partition partition, std::optional<Resolution> resolution) const;

  PipelineState& state_;
  DeadLetters& dead_letters_;
  BlockedPartitions& blocked_;
};

}  // namespace freshet::stream
