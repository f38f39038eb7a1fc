#include "stream/partition_lifecycle.h"

#include <string>
#include <utility>

#include "stream/stream_events.h"

namespace freshet::stream {

TrackedPartition& PartitionLifecycle::begin(Partition id, Offset start) {
  state_.committer.begin(id, start);
  return state_.partitions.begin_assignment(id, start);
}

TrackedPartition& PartitionLifecycle::begin(const AssignedPartition& assigned, bool continues) {
  TrackedPartition& partition = begin(assigned.partition, assigned.start);
  // The partition was dropped meanwhile, and the source did not look its offset up.
  const std::string no_offset = continues ? "its offset is being looked up" : assigned.no_valid_offset;
  if (no_offset.empty()) {
    // If the reset policy chose this offset, the source has committed it (see AssignedPartition).
    state_.committer.of(assigned.partition).known({assigned.start, 0, assigned.plan}, state_.since_boot);
    begin_plan(partition, assigned);
  } else {
    partition.lose_offset(OffsetState::Missing);
    partition.blocks.add(BlockReason::NoValidOffset, no_offset);
  }
  return partition;
}

void PartitionLifecycle::begin_plan(TrackedPartition& partition, const AssignedPartition& assigned) {
  auto plan = PartitionPlan::parse(assigned.plan, assigned.start);
  if (!plan || !assigned.unknown_metadata.empty()) {
    state_.metrics.guarantee_ended("unreadable_plan").add();
    state_.log.emit(PlanUnreadable{state_.settings.topic, assigned.partition.value, assigned.start.value,
                                   plan ? assigned.unknown_metadata : assigned.plan});
    return;
  }
  if (plan->empty()) return;
  state_.log.emit(PlanReplayed{state_.settings.topic, assigned.partition.value, assigned.start.value,
                               plan->frontier().value - 1, plan->spans().size()});
  state_.committer.of(assigned.partition)
      .known({assigned.start, 0, assigned.plan, plan->frontier()}, state_.since_boot);
  partition.replay = PartitionReplay(*plan);
  partition.plan = *std::move(plan);
}

bool PartitionLifecycle::resumes(const TrackedPartition& partition, const AssignedPartition& assigned, bool continues) {
  if (partition.state.owned() || assigned.unknown_to_group) return false;
  if (continues) return true;
  if (!assigned.no_valid_offset.empty()) return false;
  CommitProgress& progress = state_.committer.of(partition.partition);
  if (state_.plans_inserts() || !partition.plan.empty() || !assigned.plan.empty()) {
    return progress.recognises(assigned.start, assigned.plan, state_.since_boot);
  }
  return progress.not_overtaken(assigned.start, partition.offsets.committable());
}

void PartitionLifecycle::resume(TrackedPartition& partition, const AssignedPartition& assigned, bool continues) {
  state_.dlq.resume(partition.partition);
  state_.gate->resume(partition.partition);
  // If the batch still exists, the next consumer's client reports it again.
  partition.blocks.remove(BlockReason::UnreadableBatch);
  CommitProgress& progress = state_.committer.of(partition.partition);
  const bool awaits_plan = continues && state_.plans_inserts();
  if (awaits_plan) {
    partition.await_plan();  // until then it is unknown whether the last commit arrived
  } else if (!continues) {
    partition.confirm_plan();
    if (!state_.plans_inserts() && partition.plan.empty()) progress.known({assigned.start}, state_.since_boot);
  }
  if (!awaits_plan) progress.resend();
  for (WaitingRows& rows : partition.state.resume()) batch(partition, std::move(rows));
}

void PartitionLifecycle::add_rows(TrackedPartition& partition, WaitingRows rows) {
  if (partition.state.batches()) {
    batch(partition, std::move(rows));
  } else {
    partition.state.add_pending(std::move(rows));
  }
}

void PartitionLifecycle::batch(TrackedPartition& partition, WaitingRows rows) {
  if (partition.replay.covers(rows.chunk->offsets.first)) {
    partition.replay.add(std::move(rows.chunk));
  } else {
    state_.batcher.add(std::move(rows));
  }
}

// Returns the rows that were queued for the next batch, since the partition may be assigned again.
PendingRows PartitionLifecycle::stop_batching(const TrackedPartition& partition) {
  state_.dlq.suspend(partition.partition);
  state_.gate->stop_batching(partition.partition);
  return state_.batcher.take(partition.partition);
}

void PartitionLifecycle::drain(TrackedPartition& partition) { partition.state.drain(stop_batching(partition)); }

void PartitionLifecycle::suspend_drained(TrackedPartition& partition, Commands& commands) {
  if (state_.gate->suspend(partition.partition)) commands.purge_records = true;
  partition.state.suspend();
}

bool PartitionLifecycle::suspend_all() {
  bool in_flight = false;
  for (auto& [id, partition] : state_.partitions) {
    if (!partition.state.owned()) continue;
    PendingRows unbatched = stop_batching(partition);
    state_.gate->suspend(id);
    partition.state.suspend(std::move(unbatched));
    in_flight = in_flight || !finished(partition);
  }
  return in_flight;
}

bool PartitionLifecycle::finished(const TrackedPartition& partition) const {
  return !partition.has_batches() && !state_.dlq.in_flight(partition.partition) &&
         state_.gate->settled(partition.partition);
}

void PartitionLifecycle::drop(TrackedPartition& partition, Commands* commands) {
  const Partition id = partition.partition;
  const uint64_t open = partition.offsets.open_messages();
  state_.totals.status.abandoned += open;
  state_.metrics.abandoned.add(open);
  state_.batcher.take(id);
  state_.dlq.drop(id, partition.assignment);
  const bool with_producer = state_.gate->drop(id, partition.assignment);
  if (with_producer && commands != nullptr) commands->purge_records = true;
  state_.metrics.remove_lag(state_.settings.topic, id.value);
  state_.committer.drop(id);
  state_.partitions.drop(id);
  dropped_ = true;
}

void PartitionLifecycle::drop_suspended(Commands& commands) {
  for (auto next = state_.partitions.begin(); next != state_.partitions.end();) {
    TrackedPartition& partition = (next++)->second;
    if (!partition.state.owned()) drop(partition, &commands);
  }
  state_.drain.end_suspended();
}

void PartitionLifecycle::drop_unfinished_suspended(Commands& commands) {
  for (auto next = state_.partitions.begin(); next != state_.partitions.end();) {
    TrackedPartition& partition = (next++)->second;
    if (!partition.state.owned() && !finished(partition)) drop(partition, &commands);
  }
}

void PartitionLifecycle::drop_all(Commands* commands) {
  while (!state_.partitions.empty()) drop(state_.partitions.begin()->second, commands);
}

}  // namespace freshet::stream
