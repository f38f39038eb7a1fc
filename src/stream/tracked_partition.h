// Everything that the pipeline knows about one partition, from its assignment until it is dropped.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "model/ids.h"
#include "ports/source.h"
#include "stream/blocks.h"
#include "stream/offset_tracker.h"
#include "stream/partition_plan.h"
#include "stream/partition_replay.h"
#include "stream/partition_state.h"

namespace freshet::stream {

// Threads: the loop only.
class TrackedPartition {
 public:
  TrackedPartition(Partition p, AssignmentId e, Offset start)
      : partition(p), assignment(e), offsets(start), plan(start) {}

  const Partition partition;
  const AssignmentId assignment;
  OffsetTracker offsets;
  PartitionPlan plan;      // empty with at-least-once delivery, unless an owner with exactly-once delivery left one
  PartitionReplay replay;  // of the plan that the last owner left
  PartitionState state;
  Blocks blocks;

  // While the source has no valid offset it looks one up, and commits the one that the reset policy chooses. Until then
  // the pipeline commits nothing of the partition, so that the broker's offset does not go back.
  OffsetState offset_state() const { return offset_state_; }
  bool has_valid_offset() const { return offset_state_ == OffsetState::Valid; }
  // The first cause stays until find_offset().
  void lose_offset(OffsetState why) {
    if (has_valid_offset()) offset_state_ = why;
  }
  void find_offset() { offset_state_ = OffsetState::Valid; }

  // The record batch at this offset cannot be unpacked (BlockReason::UnreadableBatch).
  void block_at_unreadable_batch(Offset at, std::string text) {
    unreadable_at_ = at;
    blocks.add(BlockReason::UnreadableBatch, std::move(text));
  }
  std::optional<Offset> unreadable_at() const {
    return blocks.has(BlockReason::UnreadableBatch) ? unreadable_at_ : std::nullopt;
  }

  // Everything below it is finished, and it is not inside a planned insert.
  Offset committable() const { return plan.committable(offsets.committable()); }
  // The operator resumes below messages that were planned. Nothing of the partition is in flight.
  void forget_plan(Offset next) {
    plan = PartitionPlan(next);
    replay = {};
  }
  // After a takeover of the membership: nothing is committed before the source has confirmed that the broker has the
  // plan that this process committed last.
  void await_plan() { plan_confirmed_ = false; }
  void confirm_plan() { plan_confirmed_ = true; }
  bool plan_confirmed() const { return plan_confirmed_; }

  // All messages up to the stop timestamp were delivered.
  void reach_stop() { reached_stop_ = true; }
  bool reached_stop() const { return reached_stop_; }

  // Counts sealed batches with rows of the partition, without blocked ones.
  void batch_begins() { ++batches_; }
  void batch_ends() {
    assert(batches_ > 0);
    --batches_;
  }
  bool has_batches() const { return batches_ > 0; }

 private:
  OffsetState offset_state_ = OffsetState::Valid;
  std::optional<Offset> unreadable_at_;
  bool plan_confirmed_ = true;
  bool reached_stop_ = false;
  uint32_t batches_ = 0;
};

// All partitions that the pipeline knows, owned or suspended. Threads: the loop only.
class PartitionTable {
 public:
  TrackedPartition* find(Partition partition) {
    const auto found = partitions_.find(partition);
    return found == partitions_.end() ? nullptr : &found->second;
  }
  const TrackedPartition* find(Partition partition) const {
    const auto found = partitions_.find(partition);
    return found == partitions_.end() ? nullptr : &found->second;
  }
  // Null if the partition now has another assignment.
  TrackedPartition* find(Partition partition, AssignmentId assignment) {
    TrackedPartition* const found = find(partition);
    return found != nullptr && found->assignment == assignment ? found : nullptr;
  }
  // The partition must not be in the table.
  TrackedPartition& begin_assignment(Partition partition, Offset start) {
    return partitions_.try_emplace(partition, partition, AssignmentId{next_assignment_++}, start).first->second;
  }
  void drop(Partition partition) { partitions_.erase(partition); }

  // Iterates over pairs of Partition and TrackedPartition, by partition number.
  auto begin() { return partitions_.begin(); }
  auto end() { return partitions_.end(); }
  auto begin() const { return partitions_.begin(); }
  auto end() const { return partitions_.end(); }
  size_t size() const { return partitions_.size(); }
  bool empty() const { return partitions_.empty(); }

 private:
  std::map<Partition, TrackedPartition> partitions_;
  uint64_t next_assignment_ = 1;
};

}  // namespace freshet::stream
