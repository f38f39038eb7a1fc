#include "stream/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

// Charged per record of a side topic in addition to its bytes and the client library's copy of them.
constexpr uint64_t kMinRecordCharge = 256;

}  // namespace

Pipeline::Pipeline(StreamSettings settings, const LiveOptions& options, bool has_dead_letters,
                   std::unique_ptr<OffsetGate> gate, StreamMetrics& metrics, Log& log, SteadyTime now)
    : state_(std::move(settings), options, has_dead_letters, std::move(gate), metrics, log, now),
      dead_letters_(state_),
      blocked_(state_, dead_letters_),
      outcomes_(state_, dead_letters_, blocked_),
      lifecycle_(state_),
      planned_(state_, outcomes_) {}

// --- from the source ------------------------------------------------------------------------------------------------

void Pipeline::on_source_event(SourceEvent event, SteadyTime now, Commands& commands) {
  std::visit([&](auto& e) { on_event(e, now, commands); }, event);
}

// Chunks that are not accepted are read again by the next owner of the partition. Chunks of a blocked partition that
// were already fetched are accepted, because the source delivers them only once.
bool Pipeline::takes_chunks_of(const TrackedPartition& partition) const {
  return partition.state.is<Active>() && !partition.reached_stop() && state_.drain.running();
}

// Drops messages after the stop timestamp, except those of planned inserts: a part of an insert has another token.
void Pipeline::cut_at_stop(MessageChunk& chunk, TrackedPartition& partition) const {
  if (!state_.settings.stop_at_timestamp_ms) return;
  const auto beyond = std::find_if(chunk.messages.begin(), chunk.messages.end(), [&](const Message& message) {
    return message.timestamp_ms > *state_.settings.stop_at_timestamp_ms && !partition.replay.covers(message.offset);
  });
  if (beyond == chunk.messages.end()) return;
  partition.reach_stop();
  for (auto m = beyond; m != chunk.messages.end(); ++m) chunk.bytes -= m->bytes();
  chunk.messages.erase(beyond, chunk.messages.end());
}

// Between a command to seek and its execution, events of the partition are about the old position.
bool Pipeline::seeks(const Commands& commands, Partition partition) {
  return std::any_of(commands.seek.begin(), commands.seek.end(),
                     [&](const auto& seek) { return seek.first == partition; });
}

void Pipeline::on_event(MessageChunk& chunk, SteadyTime now, Commands& commands) {
  state_.intake.took(chunk.partition, chunk.bytes, now);
  TrackedPartition* partition = state_.partitions.find(chunk.partition);
  if (partition == nullptr || !takes_chunks_of(*partition) || seeks(commands, chunk.partition)) return;
  cut_at_stop(chunk, *partition);
  if (chunk.messages.empty()) return;
  last_message_ = now;
  messages_come();
  if (!first_message_) first_message_ = now;
  if (!partition->replay.active()) return deliver(std::move(chunk), *partition, commands);
  partition->replay.continues();
  for (MessageChunk& part : partition->replay.cut(std::move(chunk))) {
    if (partition->replay.finished(part.messages.front().offset)) {
      partition->offsets.move_to(part.messages.back().offset.next());
    } else {
      deliver(std::move(part), *partition, commands);
    }
  }
}

void Pipeline::deliver(MessageChunk chunk, TrackedPartition& partition, Commands& commands) {
  Work work;
  work.assignment = partition.assignment;
  work.planned = state_.settings.delivery == Delivery::ExactlyOnce || partition.replay.active();
  work.sequence = partition.offsets.deliver({chunk.messages.front().offset, chunk.messages.back().offset});
  work.charge = Charge(state_.budget, charge_for(chunk));
  state_.totals.status.messages_consumed += chunk.messages.size();
  state_.metrics.consumed.add(chunk.messages.size());
  work.chunk = std::move(chunk);
  state_.work.submit(std::move(work), commands.work);
}

void Pipeline::on_event(EndOfPartition& end, SteadyTime now, Commands& commands) {
  state_.intake.reached_end(end.partition, now);
  TrackedPartition* partition = state_.partitions.find(end.partition);
  // If chunks are not accepted, an end behind them means nothing: the messages before it were dropped.
  if (partition == nullptr || !takes_chunks_of(*partition) || seeks(commands, end.partition)) return;
  partition->replay.reached_end(end.end, now);
  if (partition->blocks.any()) return;
  reached_end_ = true;
  partition->offsets.move_to(std::max(partition->offsets.position(), end.end));
  if (state_.settings.stop_at_timestamp_ms) partition->reach_stop();
}

// --- from the pools -------------------------------------------------------------------------------------------------

void Pipeline::on_handed_back(Work work) { state_.work.handed_back(std::move(work)); }

// Something in flight will release memory without further rows. A blocked batch will not: it waits for an operator.
bool Pipeline::anything_makes_room() const {
  return state_.work.with_workers() || batches_going_on() > 0 || !state_.batcher.empty() || !state_.dlq.empty() ||
         !state_.gate->empty();
}

void Pipeline::submit_what_waits(Commands& commands) {
  state_.work.drop_waiting([&](const Work& work) {
    return state_.partitions.find(work.chunk.partition, work.assignment) == nullptr || state_.drain.dropping();
  });
  state_.work.submit_with_room(commands.work);
  // While the consumer closes no rows enter a batch, so processing would only use more memory.
  if (!state_.drain.running() || !state_.work.any_waits() || anything_makes_room()) return;
  // Only for partitions whose rows may enter a batch, and the first chunk of them: rows behind it cannot leave before
  // it.
  const auto may = [&](const Work& work) { return state_.partitions.find(work.chunk.partition)->state.is<Active>(); };
  state_.work.submit_first(may, commands.work);
}

void Pipeline::on_processed(std::shared_ptr<const ProcessedChunk> chunk, SteadyTime now) {
  state_.work.processed(chunk->message_bytes, !chunk->rest_follows);
  TrackedPartition* partition = state_.partitions.find(chunk->partition, chunk->assignment);
  // Chunks that are processed after a stop began are dropped; the next owner of the partition reads them again.
  if (partition == nullptr || state_.drain.dropping()) return;
  for (const auto& dead_letter : chunk->invalid) {
    if (dead_letter->suppressed) continue;
    if (dead_letter->payload) state_.metrics.invalid.add();
    state_.log.emit(MessageInvalid{dead_letter->reason});
  }
  std::vector<OffsetTracker::Chunk> in_order;
  partition->offsets.processed(std::move(chunk), in_order);
  for (OffsetTracker::Chunk& next : in_order) {
    if (next->skipped_count > 0) {
      state_.totals.status.skipped += next->skipped_count;
      state_.metrics.skipped.add(next->skipped_count);
    }
    if (next->json_messages > 0) state_.metrics.without_exact_form.add(next->json_messages);
    for (const auto& dead_letter : next->invalid) dead_letters_.add(dead_letter, *partition);
    for (const SideRecord& record : next->side_records) {
      const uint64_t bytes = 2 * (record.key.size() + record.value.size()) + kMinRecordCharge;
      state_.gate->add(partition->partition, partition->assignment, record, Charge(state_.budget, bytes));
    }
    if (next->covered) lifecycle_.add_rows(*partition, {std::move(next), now});
  }
}

void Pipeline::on_batch(BatchResult result, SteadyTime now) {
  if (result.batch->planned) {
    planned_.result(std::move(result), now);
    if (planned_.take_expired()) renew_expired(now);
  } else {
    outcomes_.result(std::move(result), now);
  }
}

// The next consumer takes over the membership, and the broker says whether the plan is still the last one.
void Pipeline::renew_expired(SteadyTime now) {
  if (closed() || state_.drain.stopping()) return;
  state_.totals.kafka_failed("an insert was not sent in time after its plan was committed");
  state_.log.emit(PlannedInsertExpired{state_.settings.topic});
  consumer_ended(End::Broken, now);
}

void Pipeline::on_record_result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now) {
  OffsetGate::Finished finished;
  state_.gate->result(topic, ticket, status, now, finished);
  if (!status) state_.totals.kafka_failed(status.error().text);
  outcomes_.finish(finished);
  for (const auto& record : finished.records) {
    TrackedPartition* partition = state_.partitions.find(record.partition, record.assignment);
    if (partition != nullptr) blocked_.unblock(*partition, BlockReason::SideRecordRejected);
  }
  if (!finished.rejected) return;
  if (TrackedPartition* partition =
          state_.partitions.find(finished.rejected->partition, finished.rejected->assignment)) {
    partition->blocks.add(
        BlockReason::SideRecordRejected,
        fmt::format("the record of offset {} is rejected by its side topic; freshet retries every second: {}",
                    finished.rejected->offset.value, status.error().text));
  }
}

// --- time -----------------------------------------------------------------------------------------------------------

void Pipeline::set_options(const LiveOptions& options, SteadyTime now) {
  state_.options = options;
  state_.dlq.set_limit(options, now);
}

// A planned insert is rebuilt even without room in memory if nothing in flight will make some: nothing else can finish
// it. One after the other, so that the memory is exceeded by one insert.
std::optional<Partition> Pipeline::first_to_replay() const {
  if (batches_going_on() > 0) return std::nullopt;
  const auto first = std::find_if(state_.partitions.begin(), state_.partitions.end(), [](const auto& entry) {
    const TrackedPartition& partition = entry.second;
    return partition.replay.needs(partition.offsets.position()) && partition.state.is<Active>() &&
           !partition.blocks.any() && partition.has_valid_offset();
  });
  return first == state_.partitions.end() ? std::nullopt : std::optional(first->first);
}

void Pipeline::tick(SteadyTime now, Commands& commands) {
  replaying_ = first_to_replay();
  check_suspended(now, commands);
  if (lifecycle_.take_dropped()) outcomes_.abandon_unowned_batches(commands);
  state_.batches.log_overdue(now, state_.settings.topic, state_.log);
  state_.metrics.batches_overdue.set(static_cast<double>(state_.batches.overdue(now)));
  if (closed()) return;
  if (state_.drain.running()) outcomes_.retry_due(now, commands);
  if (dead_letters_.send(now, commands)) blocked_.unblock_all(BlockReason::DlqRateLimited);
  if (may_seal()) planned_.replay(now);
  seal_batches(now, commands);
  planned_.release(may_seal() || state_.drain.closing(), now, commands);
  state_.gate->take_sendable(now, state_.totals.wall, commands.records);
  if (state_.drain.running() && state_.flow.update_backpressure()) {
    state_.metrics.backpressure(state_.settings.destination.content).add();
  }
  submit_what_waits(commands);
  advance_revoke(now, commands);
  if (state_.settings.stop_at_timestamp_ms) check_stop_condition(now, commands);
  if (state_.drain.draining()) advance_stop(now, commands);
  commit_what_can_be(now, commands);
  if (state_.drain.close_overdue(now)) {
    state_.log.emit(CloseTimeout{state_.settings.topic, consumer_});
    if (state_.drain.stopping())
      commands.abandon_batches = true;  // else their partitions may resume in the next consumer
    consumer_ended(End::None, now);
  }
  advance_intake(now);
  compare_pauses(commands);
  blocked_.log_due(now);
  update_gauges();
}

// --- batches ---------------------------------------------------------------------------------------------------------

// Everything is paused and no batch in flight will release memory: no further rows will arrive for the batch.
bool Pipeline::no_more_rows_come() const {
  // Work that was handed back needs room, which only the queued rows can make.
  return batches_going_on() == 0 && state_.work.stands_still() &&
         std::all_of(state_.partitions.begin(), state_.partitions.end(),
                     [&](const auto& entry) { return !entry.second.state.owned() || paused(entry.second); });
}

SealReason Pipeline::seal_reason() const {
  if (state_.drain.draining()) return SealReason::Drain;
  return no_more_rows_come() ? SealReason::NoRoom : SealReason::Due;
}

// The plan applies backpressure: while it is full, rows wait.
std::optional<Offset> Pipeline::next_span(Partition id) const {
  const TrackedPartition* partition = state_.partitions.find(id);
  if (partition == nullptr || !partition->plan.has_room(state_.committer.max_plan_text())) return std::nullopt;
  return partition->plan.frontier();
}

void Pipeline::seal_batches(SteadyTime now, Commands& commands) {
  if (!may_seal()) return;
  while (!state_.batcher.empty() && (state_.drain.draining() || has_slot())) {
    auto batch = state_.batcher.seal(state_.options, seal_reason(), now, [&](Partition id) { return next_span(id); });
    if (batch == nullptr) return;
    begin_batch(std::move(batch), now, commands);
  }
}

void Pipeline::begin_batch(std::shared_ptr<const SealedBatch> batch, SteadyTime now, Commands& commands) {
  state_.metrics.batch_age_seconds.observe(to_seconds(now - batch->oldest));
  state_.begin(batch);
  if (batch->planned) return planned_.add(std::move(batch), now);
  if (batch->row_count == 0) return outcomes_.result({std::move(batch), true, {}, 0, {}}, now);  // nothing to insert
  commands.batches.push_back(std::move(batch));
}

// --- commits --------------------------------------------------------------------------------------------------------

CommitPoint Pipeline::commit_point(const TrackedPartition& partition) const {
  const Offset next = partition.committable();
  PartitionPlan::Text plan = partition.plan.text(next, state_.committer.max_plan_text());
  return {next, partition.plan.version(), std::move(plan.text), plan.frontier};
}

bool Pipeline::wants_commit(const TrackedPartition& partition) const {
  return partition.has_valid_offset() &&
         state_.committer.of(partition.partition).wants(partition.committable(), partition.plan.version());
}

// Excludes partitions that are not owned, and those that the broker rejects during a revoke.
bool Pipeline::may_commit(const TrackedPartition& partition) const {
  if (!partition.state.owned() || !partition.plan_confirmed()) return false;
  return !partition.state.is<Draining>() || !state_.committer.rejects(partition.partition);
}

void Pipeline::commit_what_can_be(SteadyTime now, Commands& commands) {
  if (closed() || !commands.commit.empty()) return;
  if (!state_.committer.may_send(now, state_.drain.draining() || planned_.wants_commit())) return;
  std::vector<OffsetCommitter::Committable> committable;
  for (auto& [id, partition] : state_.partitions) {
    partition.plan.finish([&](OffsetRange offsets) { return partition.offsets.finished(offsets); });
    if (may_commit(partition) && wants_commit(partition)) {
      committable.push_back({id, commit_point(partition)});
    }
  }
  commands.commit = state_.committer.send(committable, now, state_.since_boot);
  for (const OffsetToCommit& sent : commands.commit) {
    state_.partitions.find(sent.partition)->plan.committing(sent.next);
  }
}

void Pipeline::on_event(CommitResult& result, SteadyTime, Commands&) {
  state_.committer.answered(result);
  for (const auto& [id, offset] : result.committed) {
    if (TrackedPartition* partition = state_.partitions.find(id)) partition->plan.advance(offset);
  }
  (result.error ? state_.metrics.commits_failed : state_.metrics.commits_succeeded).add();
  if (!result.error) return;
  state_.totals.kafka_failed(result.error->text);
  state_.log.emit(CommitFailed{state_.settings.topic, result.error->text});
}

}  // namespace freshet::stream
