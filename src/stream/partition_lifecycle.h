// How a partition comes and goes: begun, suspended, resumed or dropped, with everything that the parts of the pipeline
// keep about it. partition_state.h has the states.
#pragma once

#include <utility>

#include "model/ids.h"
#include "ports/source.h"
#include "stream/commands.h"
#include "stream/pipeline_state.h"

namespace freshet::stream {

// Threads: the loop only. Changes the table of partitions, and the partition's share of batcher, dead letters, side
// records and commits.
class PartitionLifecycle {
 public:
  explicit PartitionLifecycle(PipelineState& state) : state_(state) {}

  // --- a partition comes
  TrackedPartition& begin(Partition partition, Offset start);
  // Blocks the partition if the source has no valid offset for it. `continues`: see PartitionsAssigned.
  // Its plan is replayed; one that cannot be read is reported.
  TrackedPartition& begin(const AssignedPartition& assigned, bool continues);
  // The suspended partition continues: nobody committed beyond what is finished here.
  bool resumes(const TrackedPartition& partition, const AssignedPartition& assigned, bool continues);
  void resume(TrackedPartition& partition, const AssignedPartition& assigned, bool continues);

  // The rows enter a batch, now or when the partition resumes.
  void add_rows(TrackedPartition& partition, WaitingRows rows);

  // --- a partition goes
  // No more rows of it enter a batch, and its records are sent no more, except for what is in flight.
  void drain(TrackedPartition& partition);
  // Requires that it was drained. The next owner creates its side records again; if it comes back, they are sent again.
  void suspend_drained(TrackedPartition& partition, Commands& commands);
  // Suspends all owned partitions. True if something of one of them is in flight.
  bool suspend_all();
  // Nothing of the partition is in flight.
  bool finished(const TrackedPartition& partition) const;
  // Discards everything known about it; its messages are read again. `commands` null: the consumer is gone.
  void drop(TrackedPartition& partition, Commands* commands);
  void drop_all(Commands* commands);
  void drop_suspended(Commands& commands);
  // Keeps finished ones: they cost nothing, and need not be read again if they come back.
  void drop_unfinished_suspended(Commands& commands);
  // True once after any partition was dropped.
  bool take_dropped() { return std::exchange(dropped_, false); }

 private:
  void begin_plan(TrackedPartition& partition, const AssignedPartition& assigned);
  void batch(TrackedPartition& partition, WaitingRows rows);
  PendingRows stop_batching(const TrackedPartition& partition);

  PipelineState& state_;
  bool dropped_ = false;
};

}  // namespace freshet::stream
