// Start and end of consumers; assignment, revoke, suspension and resumption of partitions.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/pipeline.h"
#include "stream/stream_events.h"

namespace freshet::stream {

// --- consumers ------------------------------------------------------------------------------------------------------

void Pipeline::consumer_started(uint64_t number, SteadyTime now) {
  state_.drain.consumer_started();
  state_.committer.consumer_started();
  state_.flow.consumer_started();
  assigned_ = false;
  batches_paused_ = false;
  first_message_.reset();
  reached_end_ = false;
  consumer_ = number;
  consumer_started_at_ = now;
}

void Pipeline::hand_over(SteadyTime now) { consumer_ended(End::Renewed, now); }

void Pipeline::leave(SteadyTime now, Commands& commands) {
  if (!state_.drain.running()) return;
  state_.drain.leave(now);
  for (auto& [id, partition] : state_.partitions) partition.state.leave();
  commands.begin_close = LeaveMode::ToRejoin;
}

void Pipeline::consumer_ended(End end, SteadyTime now) {
  state_.drain.close(end);
  state_.committer.consumer_ended();
  if (state_.drain.stopping()) {
    lifecycle_.drop_all(nullptr);
  } else if (lifecycle_.suspend_all()) {
    state_.drain.await_suspended(now);
  }
  assigned_ = false;
}

void Pipeline::on_event(SourceFault& fault, SteadyTime now, Commands& commands) {
  state_.totals.kafka_failed(fault.error.text);
  if (fault.error.kind != ErrorKind::Renew) {
    (fault.of_connections ? connection_error_ : source_error_) = fault.error.text;
    state_.log.emit(KafkaError{state_.settings.topic, fault.error.code, fault.error.text});
    return;
  }
  state_.log.emit(KafkaConsumerBroken{state_.settings.topic, fault.error.code, fault.error.text});
  if (closed()) return;
  // The new owner reads again what is not committed, so do not write anything that is not in flight yet.
  if (fault.fenced || state_.drain.stopping()) {
    commands.abandon_batches = true;
    lifecycle_.drop_all(&commands);
  }
  consumer_ended(End::Broken, now);
}

void Pipeline::on_event(SourceRecovered&, SteadyTime, Commands&) { kafka_works(); }

void Pipeline::kafka_works() {
  if (source_error_.empty() && connection_error_.empty()) return;
  source_error_.clear();
  connection_error_.clear();
  state_.log.emit(KafkaRecovered{state_.settings.topic});
}

// They may have been fetched before a connection broke.
void Pipeline::messages_come() {
  if (connection_error_.empty()) kafka_works();
}

void Pipeline::on_event(ConsumerClosed&, SteadyTime now, Commands&) { consumer_ended(End::Broken, now); }

// --- partitions come ------------------------------------------------------------------------------------------------

void Pipeline::on_event(PartitionsAssigned& assigned, SteadyTime, Commands& commands) {
  bool changed = assigned.generation != generation_ || assigned.generation < 0;
  generation_ = assigned.generation;
  assigned_ = true;
  if (!assigned.continues) state_.committer.membership_changed();
  if (!assigned.cluster_id.empty()) state_.batcher.set_cluster_id(std::move(assigned.cluster_id));
  kafka_works();
  std::vector<StartAt> starts;
  size_t resumed = 0;
  for (const AssignedPartition& one : assigned.partitions) {
    TrackedPartition* partition = state_.partitions.find(one.partition);
    if (partition != nullptr && lifecycle_.resumes(*partition, one, assigned.continues)) {
      lifecycle_.resume(*partition, one, assigned.continues);
      ++resumed;
    } else {
      if (partition != nullptr) lifecycle_.drop(*partition, &commands);
      changed = true;
      partition = &lifecycle_.begin(one, assigned.continues);
    }
    if (consumer_phase() == FlowControl::ConsumerPhase::Leaving) partition->state.leave();
    state_.flow.assigned(one.partition);
    starts.push_back({one.partition, partition->offsets.position(), partition->offset_state()});
  }
  const size_t known = state_.partitions.size();
  lifecycle_.drop_suspended(commands);
  if (changed || state_.partitions.size() != known) {
    ++state_.totals.status.rebalances;
    state_.metrics.rebalances.add();
  }
  commands.answer_assign = std::move(starts);
  state_.log.emit(PartitionsAssignedEvent{state_.settings.topic, assigned.partitions.size(), resumed,
                                          state_.partitions.size(), generation_, consumer_});
}

// --- the source has no valid offset, or finds one -------------------------------------------------------------------

void Pipeline::on_event(NoValidOffset& none, SteadyTime, Commands& commands) {
  TrackedPartition* partition = state_.partitions.find(none.partition);
  if (partition == nullptr || seeks(commands, none.partition)) return;
  partition->lose_offset(none.state);
  if (!none.reason.empty()) partition->blocks.add(BlockReason::NoValidOffset, none.reason);
}

void Pipeline::on_event(UnreadableBatch& unreadable, SteadyTime, Commands& commands) {
  TrackedPartition* partition = state_.partitions.find(unreadable.partition);
  if (partition != nullptr && !seeks(commands, unreadable.partition))
    partition->block_at_unreadable_batch(unreadable.at, unreadable.reason);
}

void Pipeline::on_event(ValidOffset& valid, SteadyTime, Commands& commands) {
  TrackedPartition* partition = state_.partitions.find(valid.partition);
  if (partition == nullptr) return;
  // The partition is being revoked, and what it would still commit is below the offset that is committed by now.
  if (partition->state.is<Draining>() || !partition->state.owned()) return lifecycle_.drop(*partition, &commands);
  const bool unknown_plan = !valid.plan.empty() && partition->plan.empty() && partition->offsets.idle();
  const bool again = valid.start < partition->offsets.position() || unknown_plan;
  if (again) {
    const bool leaving = partition->state.is<Leaving>();
    lifecycle_.drop(*partition, &commands);
    partition = &lifecycle_.begin({valid.partition, valid.start, "", false, valid.plan}, false);
    if (leaving) partition->state.leave();
    blocked_.log_resumed(*partition);
  }
  partition->offsets.move_to(valid.start);
  partition->find_offset();
  if (!again) {
    // Planned inserts below it go on: nobody can read their messages again.
    partition->plan.committing(valid.start);
    state_.committer.of(valid.partition).known({valid.start}, state_.since_boot);
  }
  kafka_works();
  blocked_.unblock(*partition, BlockReason::NoValidOffset);
}

// --- the source confirms what is committed --------------------------------------------------------------------------

// A partition whose topic is gone has no plan; the source reports that, too.
void Pipeline::on_event(CommittedPlan& found, SteadyTime, Commands& commands) {
  const AssignedPartition& committed = found.committed;
  TrackedPartition* partition = state_.partitions.find(committed.partition);
  if (partition == nullptr || partition->plan_confirmed() || !partition->state.owned()) return;
  if (committed.unknown_to_group || !partition->has_valid_offset()) return partition->confirm_plan();
  if (state_.committer.of(committed.partition).recognises(committed.start, committed.plan, state_.since_boot)) {
    state_.committer.of(committed.partition).resend();
    return partition->confirm_plan();
  }
  state_.log.emit(PlanOvertaken{state_.settings.topic, committed.partition.value, committed.start.value});
  const bool leaving = !partition->state.is<Active>();
  lifecycle_.drop(*partition, &commands);
  partition = &lifecycle_.begin(committed, false);
  if (leaving) partition->state.leave();
  commands.seek.emplace_back(committed.partition, committed.start);
}

// --- partitions go --------------------------------------------------------------------------------------------------

void Pipeline::on_event(PartitionsRevoked& revoked, SteadyTime now, Commands& commands) {
  state_.log.emit(PartitionsRevokedEvent{state_.settings.topic, revoked.partitions.size(), revoked.lost});
  for (const Partition id : revoked.partitions) {
    TrackedPartition* partition = state_.partitions.find(id);
    if (partition != nullptr && partition->state.owned()) lifecycle_.drain(*partition);
  }
  state_.drain.begin_revoke(std::move(revoked.partitions), revoked.lost, now);
  state_.committer.begin_revoke(state_.drain.revoke()->lost);
  if (revoked.lost) state_.committer.membership_changed();
  advance_revoke(now, commands);
}

// A partition is drained when no sealed batch is open and the broker has its offset.
DrainWaits Pipeline::revoke_waits(Partition id) const {
  DrainWaits waits;
  const TrackedPartition* partition = state_.partitions.find(id);
  if (partition == nullptr || !partition->state.owned()) return waits;
  waits.batches = partition->has_batches();
  waits.records = state_.dlq.in_flight(id) || !state_.gate->settled(id);
  waits.commit = !state_.committer.rejects(id) && (wants_commit(*partition) || state_.committer.outstanding());
  return waits;
}

void Pipeline::advance_revoke(SteadyTime now, Commands& commands) {
  if (!state_.drain.revoke()) return;
  const auto step = state_.drain.revoke_step([&](Partition id) { return revoke_waits(id); }, now);
  if (step == Drain::RevokeStep::Wait) return;
  if (step == Drain::RevokeStep::AnswerLate) state_.log.emit(RevokeDrainTimeout{state_.settings.topic});
  if (step == Drain::RevokeStep::AnswerLate && state_.plans_inserts() && state_.committer.outstanding()) {
    // The broker may store the plan after the next owner has looked it up. It refuses a commit of a former member.
    state_.totals.kafka_failed("a commit was not answered before the partitions had to be given up");
    return consumer_ended(End::Broken, now);
  }
  answer_revoke(now, commands);
}

void Pipeline::answer_revoke(SteadyTime now, Commands& commands) {
  bool in_flight = false;
  for (const Partition id : state_.drain.revoke()->partitions) {
    TrackedPartition* partition = state_.partitions.find(id);
    if (partition == nullptr) continue;
    if (state_.drain.stopping()) {
      lifecycle_.drop(*partition, &commands);
      continue;
    }
    if (!partition->state.owned()) continue;
    lifecycle_.suspend_drained(*partition, commands);
    in_flight = in_flight || !lifecycle_.finished(*partition);
  }
  if (in_flight) state_.drain.await_suspended(now);
  state_.drain.end_revoke();
  state_.committer.end_revoke();
  commands.answer_revoke = true;
}

void Pipeline::check_suspended(SteadyTime now, Commands& commands) {
  if (!state_.drain.suspended_overdue(now)) return;
  // The next client takes over the membership, so nobody else gets the partitions meanwhile.
  if (batches_paused_ && state_.drain.running()) return state_.drain.await_suspended(now);
  state_.log.emit(SuspendedPartitionsDropped{state_.settings.topic, state_.batches.size()});
  state_.drain.end_suspended();
  lifecycle_.drop_unfinished_suspended(commands);
  if (state_.partitions.empty()) commands.abandon_batches = true;
}

// --- stop -----------------------------------------------------------------------------------------------------------

void Pipeline::request_stop(SteadyTime now, Commands& commands) {
  if (state_.drain.running()) begin_stop(End::Stopped, now, commands);
}

void Pipeline::check_stop_condition(SteadyTime now, Commands& commands) {
  // While a renewal pauses commits, the end waits for it: a drain must be able to commit.
  if (!state_.drain.running() || !assigned_ || state_.partitions.empty() || state_.committer.paused()) return;
  // Wait until delivered messages became rows: the drain drops unprocessed chunks.
  const bool reached = std::all_of(state_.partitions.begin(), state_.partitions.end(), [](const auto& entry) {
    const TrackedPartition& partition = entry.second;
    return partition.state.owned() && partition.reached_stop() && partition.offsets.all_processed();
  });
  if (reached) begin_stop(End::Finished, now, commands);
}

void Pipeline::begin_stop(End end, SteadyTime now, Commands& commands) {
  state_.drain.stop(end, now);
  lifecycle_.drop_suspended(commands);
  state_.log.emit(DrainStarted{state_.settings.topic, state_.batches.active(), state_.budget->held()});
  if (state_.batches.blocked_count() == 0) return;
  state_.log.emit(BlockedBatchesUnresolved{state_.settings.topic, state_.batches.blocked_count()});
}

DrainWaits Pipeline::stop_waits() const {
  DrainWaits waits;
  waits.batches = state_.batches.active() > 0;
  waits.rows = !state_.batcher.empty();
  waits.records = !state_.gate->flushed();
  waits.commit = state_.committer.outstanding();
  for (const auto& [id, partition] : state_.partitions) {
    waits.records = waits.records || !lifecycle_.finished(partition);
    waits.commit = waits.commit || wants_commit(partition);
  }
  return waits;
}

void Pipeline::advance_stop(SteadyTime now, Commands& commands) {
  if (state_.drain.take_writes_overdue(now) && state_.batches.active() > 0) {
    state_.log.emit(BatchesAbandoned{state_.settings.topic, state_.batches.active(), state_.batches.rows()});
    planned_.abandon_waiting(now);
    commands.abandon_batches = true;
  }
  if (state_.batches.active() == 0 || state_.drain.writes_overdue()) state_.gate->flush();
  if (state_.drain.take_drained(stop_waits(), now)) commands.begin_close = LeaveMode::ForGood;
}

}  // namespace freshet::stream
