// Blocked partitions: when they resume, and what an operator's skip does.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/skip.h"
#include "stream/blocks.h"
#include "stream/commands.h"
#include "stream/dead_letters.h"
#include "stream/pipeline_state.h"

namespace freshet::stream {

// Threads: the loop only. Changes blocks and offsets of partitions. A skip also drops dead letters and side records,
// and decides which offset is committed next.
class BlockedPartitions {
 public:
  BlockedPartitions(PipelineState& state, DeadLetters& dead_letters) : state_(state), dead_letters_(dead_letters) {}

  // The partition is owned, and blocked for any reason.
  bool contains(Partition partition) const;
  // Removes the reason. The partition resumes if it was the last one.
  void unblock(TrackedPartition& partition, BlockReason reason);
  void unblock_all(BlockReason reason);
  void log_resumed(const TrackedPartition& partition);
  // Logs each blocked partition at once and then every minute, because an operator may look at any time.
  void log_due(SteadyTime now);

  // Resumes the blocked `partition` at `next`. Below it, messages that no destination accepts are dropped, and unread
  // messages are skipped. Everything else in flight continues.
  Result<SkipResult> skip(Partition partition, Offset next, SteadyTime now, Commands& commands);

 private:
  std::optional<Offset> blocked_at(const TrackedPartition& partition, BlockReason reason) const;
  Status may_skip(const TrackedPartition& partition, BlockReason reason, Offset next) const;
  Result<uint64_t> drop_below(TrackedPartition& partition, BlockReason reason, Offset next);
  uint64_t skip_to(TrackedPartition& partition, BlockReason reason, Offset next, Commands& commands);
  void block_again(TrackedPartition& partition, BlockReason reason);

  PipelineState& state_;
  DeadLetters& dead_letters_;
};

}  // namespace freshet::stream
