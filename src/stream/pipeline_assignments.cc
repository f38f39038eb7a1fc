// Start and end of consumers; assignment, revoke, suspension and resumption of partitions.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/pipeline.h"
#include "stream/stream_events.h"

namespace freshet::stream {

// --- consumers ------------------------------------------------------------------------------------------------------

void Pipeline::consumer_started(uint64_t number, SteadyTime now) {
  drain_.consumer_started();
  committer_.consumer_started();
  flow_.consumer_started();
  assigned_ = false;
  batches_paused_ = false;
  first_message_.reset();
  reached_end_ = false;
  consumer_ = number;
  consumer_started_at_ = now;
  source_error_.clear();
}

void Pipeline::hand_over(SteadyTime now) { consumer_ended(End::Renewed, now); }

void Pipeline::leave(SteadyTime now, Commands& commands) {
  if (!drain_.running()) return;
  drain_.leave(now);
  for (auto& [id, partition] : partitions_) partition.state.leave();
  commands.begin_close = LeaveMode::ToRejoin;
}

void Pipeline::consumer_ended(End end, SteadyTime now) {
  drain_.close(end);
  committer_.consumer_ended();
  if (drain_.stopping()) {
    drop_all(nullptr);
  } else {
    suspend_all(now);
  }
  assigned_ = false;
}

void Pipeline::on_event(SourceFault& fault, SteadyTime now, Commands& commands) {
  remember_kafka_error(fault.error.text);
  if (fault.error.kind != ErrorKind::Renew) {
    source_error_ = fault.error.text;
    log_.emit(KafkaError{settings_.topic, fault.error.code, fault.error.text});
    return;
  }
  log_.emit(KafkaConsumerBroken{settings_.topic, fault.error.code, fault.error.text});
  if (closed()) return;
  // The new owner reads again what is not committed, so do not write anything that is not in flight yet.
  if (fault.fenced || drain_.stopping()) {
    commands.abandon_batches = true;
    drop_all(&commands);
  }
  consumer_ended(End::Broken, now);
}

void Pipeline::on_event(SourceRecovered&, SteadyTime, Commands&) {
  if (source_error_.empty()) return;
  source_error_.clear();
  log_.emit(KafkaRecovered{settings_.topic});
}

void Pipeline::on_event(ConsumerClosed&, SteadyTime now, Commands&) { consumer_ended(End::Broken, now); }

// --- partitions come ------------------------------------------------------------------------------------------------

void Pipeline::on_event(PartitionsAssigned& assigned, SteadyTime, Commands& commands) {
  bool changed = assigned.generation != generation_ || assigned.generation < 0;
  generation_ = assigned.generation;
  assigned_ = true;
  if (!assigned.cluster_id.empty()) batcher_.set_cluster_id(std::move(assigned.cluster_id));
  source_error_.clear();
  std::vector<StartAt> starts;
  size_t resumed = 0;
  for (const AssignedPartition& one : assigned.partitions) {
    TrackedPartition* partition = partitions_.find(one.partition);
    if (partition != nullptr && resumes(*partition, one, assigned.continues)) {
      resume(*partition, one, assigned.continues);
      ++resumed;
    } else {
      if (partition != nullptr) drop(*partition, &commands);
      changed = true;
      partition = &begin_assigned(one, assigned.continues);
    }
    if (consumer_phase() == FlowControl::ConsumerPhase::Leaving) partition->state.leave();
    flow_.assigned(one.partition);
    starts.push_back({one.partition, partition->offsets.position(), partition->offset_state()});
  }
  const size_t known = partitions_.size();
  drop_suspended(commands);
  if (changed || partitions_.size() != known) {
    ++totals_.rebalances;
    metrics_.rebalances.add();
  }
  commands.answer_assign = std::move(starts);
  log_.emit(PartitionsAssignedEvent{settings_.topic, assigned.partitions.size(), resumed, partitions_.size(),
                                    generation_, consumer_});
}

TrackedPartition& Pipeline::begin_assignment(Partition id, Offset start) {
  committer_.begin(id, start);
  return partitions_.begin_assignment(id, start);
}

TrackedPartition& Pipeline::begin_assigned(const AssignedPartition& assigned, bool continues) {
  TrackedPartition& partition = begin_assignment(assigned.partition, assigned.start);
  // The partition was dropped meanwhile, and the source did not look its offset up.
  const std::string no_offset = continues ? "its offset is being looked up" : assigned.no_valid_offset;
  if (no_offset.empty()) {
    // If the reset policy chose this offset, the source has committed it (see AssignedPartition).
    committer_.of(assigned.partition).known(assigned.start);
  } else {
    partition.lose_offset(OffsetState::Missing);
    partition.blocks.add(BlockReason::NoValidOffset, no_offset);
  }
  return partition;
}

bool Pipeline::resumes(const TrackedPartition& partition, const AssignedPartition& assigned, bool continues) const {
  if (partition.state.owned() || assigned.unknown_to_group) return false;
  return continues ||
         (assigned.no_valid_offset.empty() &&
          committer_.of(partition.partition).not_overtaken(assigned.start, partition.offsets.committable()));
}

void Pipeline::resume(TrackedPartition& partition, const AssignedPartition& assigned, bool continues) {
  dlq_.resume(partition.partition);
  gate_->resume(partition.partition);
  // If the batch still exists, the next consumer's client reports it again.
  partition.blocks.remove(BlockReason::UnreadableBatch);
  CommitProgress& progress = committer_.of(partition.partition);
  if (!continues) progress.known(assigned.start);
  progress.resend();
  for (WaitingRows& rows : partition.state.resume()) batcher_.add(std::move(rows));
}

// --- partitions go --------------------------------------------------------------------------------------------------

void Pipeline::on_event(PartitionsRevoked& revoked, SteadyTime now, Commands& commands) {
  log_.emit(PartitionsRevokedEvent{settings_.topic, revoked.partitions.size(), revoked.lost});
  for (const Partition id : revoked.partitions) {
    TrackedPartition* partition = partitions_.find(id);
    if (partition != nullptr && partition->state.owned()) partition->state.drain(stop_batching(*partition));
  }
  drain_.begin_revoke(std::move(revoked.partitions), revoked.lost, now);
  committer_.begin_revoke(drain_.revoke()->lost);
  advance_revoke(now, commands);
}

// Stops batching the partition and sending its records, except for what is in flight. Returns the rows that were queued
// for the next batch, since the partition may be assigned again.
PendingRows Pipeline::stop_batching(const TrackedPartition& partition) {
  dlq_.suspend(partition.partition);
  gate_->stop_batching(partition.partition);
  return batcher_.take(partition.partition);
}

bool Pipeline::finished(const TrackedPartition& partition) const {
  return !partition.has_batches() && !dlq_.in_flight(partition.partition) && gate_->settled(partition.partition);
}

// A partition is drained when no sealed batch is open and the broker has its offset.
DrainWaits Pipeline::revoke_waits(Partition id) const {
  DrainWaits waits;
  const TrackedPartition* partition = partitions_.find(id);
  if (partition == nullptr || !partition->state.owned()) return waits;
  waits.batches = partition->has_batches();
  waits.records = dlq_.in_flight(id) || !gate_->settled(id);
  waits.commit = !committer_.refuses(id) && (wants_commit(*partition) || committer_.outstanding());
  return waits;
}

void Pipeline::advance_revoke(SteadyTime now, Commands& commands) {
  if (!drain_.revoke()) return;
  const auto step = drain_.revoke_step([&](Partition id) { return revoke_waits(id); }, now);
  if (step == Drain::RevokeStep::Wait) return;
  if (step == Drain::RevokeStep::AnswerLate) log_.emit(RevokeDrainTimeout{settings_.topic});
  answer_revoke(now, commands);
}

void Pipeline::answer_revoke(SteadyTime now, Commands& commands) {
  bool under_way = false;
  for (const Partition id : drain_.revoke()->partitions) {
    TrackedPartition* partition = partitions_.find(id);
    if (partition == nullptr) continue;
    if (drain_.stopping()) {
      drop(*partition, &commands);
      continue;
    }
    if (!partition->state.owned()) continue;
    // The next owner creates these records again. If the partition comes back, they are sent again from here.
    if (gate_->suspend(id)) commands.purge_records = true;
    partition->state.suspend();
    under_way = under_way || !finished(*partition);
  }
  if (under_way) drain_.await_suspended(now);
  drain_.end_revoke();
  committer_.end_revoke();
  commands.answer_revoke = true;
}

void Pipeline::suspend_all(SteadyTime now) {
  bool under_way = false;
  for (auto& [id, partition] : partitions_) {
    if (!partition.state.owned()) continue;
    PendingRows unbatched = stop_batching(partition);
    gate_->suspend(id);
    partition.state.suspend(std::move(unbatched));
    under_way = under_way || !finished(partition);
  }
  if (under_way) drain_.await_suspended(now);
}

void Pipeline::check_suspended(SteadyTime now, Commands& commands) {
  if (!drain_.suspended_overdue(now)) return;
  // The next client takes over the membership, so nobody else gets the partitions meanwhile.
  if (batches_paused_ && drain_.running()) return drain_.await_suspended(now);
  log_.emit(SuspendedPartitionsDropped{settings_.topic, batches_.size()});
  drain_.end_suspended();
  // Keep finished partitions: they cost nothing, and need not be read again if they come back.
  for (auto next = partitions_.begin(); next != partitions_.end();) {
    TrackedPartition& partition = (next++)->second;
    if (!partition.state.owned() && !finished(partition)) drop(partition, &commands);
  }
  if (partitions_.empty()) commands.abandon_batches = true;
}

void Pipeline::drop(TrackedPartition& partition, Commands* commands) {
  const Partition id = partition.partition;
  const uint64_t open = partition.offsets.open_messages();
  totals_.abandoned += open;
  metrics_.abandoned.add(open);
  batcher_.take(id);
  dlq_.drop(id, partition.assignment);
  const bool with_producer = gate_->drop(id, partition.assignment);
  if (with_producer && commands != nullptr) commands->purge_records = true;
  metrics_.remove_lag(settings_.topic, id.value);
  committer_.drop(id);
  partitions_.drop(id);
  dropped_ = true;
}

void Pipeline::drop_suspended(Commands& commands) {
  for (auto next = partitions_.begin(); next != partitions_.end();) {
    TrackedPartition& partition = (next++)->second;
    if (!partition.state.owned()) drop(partition, &commands);
  }
  drain_.end_suspended();
}

void Pipeline::drop_all(Commands* commands) {
  while (!partitions_.empty()) drop(partitions_.begin()->second, commands);
}

// --- stop -----------------------------------------------------------------------------------------------------------

void Pipeline::request_stop(SteadyTime now, Commands& commands) {
  if (drain_.running()) begin_stop(End::Stopped, now, commands);
}

void Pipeline::check_stop_condition(SteadyTime now, Commands& commands) {
  // While a renewal pauses commits, the end waits for it: a drain must be able to commit.
  if (!drain_.running() || !assigned_ || partitions_.empty() || committer_.paused()) return;
  // Wait until delivered messages became rows: the drain drops unprocessed chunks.
  const bool reached = std::all_of(partitions_.begin(), partitions_.end(), [](const auto& entry) {
    const TrackedPartition& partition = entry.second;
    return partition.state.owned() && partition.reached_stop() && partition.offsets.all_processed();
  });
  if (reached) begin_stop(End::Finished, now, commands);
}

void Pipeline::begin_stop(End end, SteadyTime now, Commands& commands) {
  drain_.stop(end, now);
  drop_suspended(commands);
  log_.emit(DrainStarted{settings_.topic, batches_.active(), budget_->held()});
  if (batches_.blocked_count() == 0) return;
  log_.emit(BlockedBatchesUnresolved{settings_.topic, batches_.blocked_count()});
}

DrainWaits Pipeline::stop_waits() const {
  DrainWaits waits;
  waits.batches = batches_.active() > 0;
  waits.rows = !batcher_.empty();
  waits.records = !gate_->flushed();
  waits.commit = committer_.outstanding();
  for (const auto& [id, partition] : partitions_) {
    waits.records = waits.records || !finished(partition);
    waits.commit = waits.commit || wants_commit(partition);
  }
  return waits;
}

void Pipeline::advance_stop(SteadyTime now, Commands& commands) {
  if (drain_.take_writes_overdue(now) && batches_.active() > 0) {
    log_.emit(BatchesAbandoned{settings_.topic, batches_.active(), batches_.rows()});
    commands.abandon_batches = true;
  }
  if (batches_.active() == 0 || drain_.writes_overdue()) gate_->flush();
  if (drain_.take_drained(stop_waits(), now)) commands.begin_close = LeaveMode::ForGood;
}

}  // namespace freshet::stream
