#include "stream/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/null_offset_gate.h"
#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

constexpr size_t kMaxChunkMessages = 256;
// Charged per record of a side topic in addition to its bytes and the client library's copy of them.
constexpr uint64_t kMinRecordCharge = 256;
constexpr Duration kIdle = std::chrono::seconds(1);

}  // namespace

Pipeline::Pipeline(StreamSettings settings, const LiveOptions& options, bool has_dead_letters,
                   std::unique_ptr<OffsetGate> gate, StreamMetrics& metrics, Log& log, SteadyTime now)
    : settings_(std::move(settings)),
      options_(options),
      has_dead_letters_(has_dead_letters),
      metrics_(metrics),
      log_(log),
      budget_(std::make_shared<ByteBudget>(settings_.memory_limit)),
      flow_(budget_),
      committer_(settings_.commit_interval),
      drain_(settings_.drain_timeout),
      batcher_(TokenScope{{}, settings_.topic, settings_.consumer_group}),
      batches_(settings_.batch_deadline),
      dlq_(options, now),
      gate_(gate && !settings_.skip_write ? std::move(gate) : std::make_unique<NullOffsetGate>()) {
  totals_.topic = settings_.topic;
  totals_.table = settings_.table;
  totals_.consumer_group = settings_.consumer_group;
}

void Pipeline::remember_kafka_error(std::string text) {
  totals_.last_kafka_error = std::move(text);
  totals_.last_kafka_error_at = wall_;
}

// --- from the source ------------------------------------------------------------------------------------------------

void Pipeline::on_source_event(SourceEvent event, SteadyTime now, Commands& commands) {
  std::visit([&](auto& e) { on_event(e, now, commands); }, event);
}

// Chunks that are not accepted are read again by the next owner of the partition. Chunks of a blocked partition that
// were already fetched are accepted, because the source delivers them only once.
bool Pipeline::takes_chunks_of(const TrackedPartition& partition) const {
  return partition.state.is<Active>() && !partition.reached_stop() && drain_.running();
}

// Drops messages after the stop timestamp.
void Pipeline::cut_at_stop(MessageChunk& chunk, TrackedPartition& partition) const {
  if (!settings_.stop_at_timestamp_ms) return;
  const auto beyond = std::find_if(chunk.messages.begin(), chunk.messages.end(), [&](const Message& message) {
    return message.timestamp_ms > *settings_.stop_at_timestamp_ms;
  });
  if (beyond == chunk.messages.end()) return;
  partition.reach_stop();
  for (auto m = beyond; m != chunk.messages.end(); ++m) chunk.bytes -= m->bytes();
  chunk.messages.erase(beyond, chunk.messages.end());
}

void Pipeline::on_event(MessageChunk& chunk, SteadyTime now, Commands& commands) {
  TrackedPartition* partition = partitions_.find(chunk.partition);
  if (partition == nullptr || !takes_chunks_of(*partition)) return;
  cut_at_stop(chunk, *partition);
  if (chunk.messages.empty()) return;
  Work work;
  work.assignment = partition->assignment;
  work.sequence = partition->offsets.deliver({chunk.messages.front().offset, chunk.messages.back().offset});
  work.charge = Charge(budget_, charge_for(chunk));
  last_message_ = now;
  source_error_.clear();  // Kafka delivers again
  if (!first_message_) first_message_ = now;
  totals_.messages_consumed += chunk.messages.size();
  metrics_.consumed.add(chunk.messages.size());
  work.chunk = std::move(chunk);
  work_.submit(std::move(work), commands.work);
}

void Pipeline::on_event(EndOfPartition& end, SteadyTime, Commands&) {
  TrackedPartition* partition = partitions_.find(end.partition);
  // If chunks are not accepted, an end behind them means nothing: the messages before it were dropped.
  if (partition == nullptr || !takes_chunks_of(*partition) || partition->blocks.any()) return;
  reached_end_ = true;
  partition->offsets.move_to(std::max(partition->offsets.position(), end.end));
  if (settings_.stop_at_timestamp_ms) partition->reach_stop();
}

// --- from the pools -------------------------------------------------------------------------------------------------

void Pipeline::on_handed_back(Work work) { work_.handed_back(std::move(work)); }

// Something in flight will release memory without further rows. A blocked batch will not: it waits for an operator.
bool Pipeline::anything_makes_room() const {
  return work_.with_workers() || batches_.active() > 0 || !batcher_.empty() || !dlq_.empty() || !gate_->empty();
}

void Pipeline::submit_what_waits(Commands& commands) {
  work_.drop_waiting([&](const Work& work) {
    return partitions_.find(work.chunk.partition, work.assignment) == nullptr || drain_.dropping();
  });
  work_.submit_with_room(commands.work);
  // While the consumer closes no rows enter a batch, so processing would only use more memory.
  if (!drain_.running() || !work_.any_waits() || anything_makes_room()) return;
  // Only for partitions whose rows may enter a batch, and the first chunk of them: rows behind it cannot leave before
  // it.
  const auto may = [&](const Work& work) { return partitions_.find(work.chunk.partition)->state.is<Active>(); };
  work_.submit_first(may, commands.work);
}

void Pipeline::on_processed(std::shared_ptr<const ProcessedChunk> chunk, SteadyTime now) {
  if (!chunk->rest_follows) work_.finished();
  TrackedPartition* partition = partitions_.find(chunk->partition, chunk->assignment);
  // Chunks that are processed after a stop began are dropped; the next owner of the partition reads them again.
  if (partition == nullptr || drain_.dropping()) return;
  for (const auto& dead_letter : chunk->invalid) {
    if (dead_letter->suppressed) continue;
    if (dead_letter->payload) metrics_.invalid.add();
    log_.emit(MessageInvalid{dead_letter->reason});
  }
  std::vector<OffsetTracker::Chunk> in_order;
  partition->offsets.processed(std::move(chunk), in_order);
  for (OffsetTracker::Chunk& next : in_order) {
    if (next->skipped_count > 0) {
      totals_.skipped += next->skipped_count;
      metrics_.skipped.add(next->skipped_count);
    }
    for (const auto& dead_letter : next->invalid) add_dead_letter(dead_letter, *partition);
    for (const SideRecord& record : next->side_records) {
      const uint64_t bytes = 2 * (record.key.size() + record.value.size()) + kMinRecordCharge;
      gate_->add(partition->partition, partition->assignment, record, Charge(budget_, bytes));
    }
    if (!next->covered) continue;
    if (partition->state.batches()) {
      batcher_.add({std::move(next), now});
    } else {
      partition->state.add_pending({std::move(next), now});
    }
  }
}

void Pipeline::on_record_result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now) {
  OffsetGate::Finished finished;
  gate_->result(topic, ticket, status, now, finished);
  if (!status) remember_kafka_error(status.error().text);
  finish_stored(finished);
  for (const auto& record : finished.records) {
    TrackedPartition* partition = partitions_.find(record.partition, record.assignment);
    if (partition != nullptr) unblock(*partition, BlockReason::ReplacementRejected);
  }
  if (!finished.rejected) return;
  if (TrackedPartition* partition = partitions_.find(finished.rejected->partition, finished.rejected->assignment)) {
    partition->blocks.add(
        BlockReason::ReplacementRejected,
        fmt::format("the replacement of offset {} is refused by its topic, and tried again each second: {}",
                    finished.rejected->offset.value, status.error().text));
  }
}

// --- time -----------------------------------------------------------------------------------------------------------

void Pipeline::set_options(const LiveOptions& options, SteadyTime now) {
  options_ = options;
  dlq_.set_limit(options, now);
}

void Pipeline::tick(SteadyTime now, Commands& commands) {
  check_suspended(now, commands);
  abandon_orphans(commands);
  batches_.log_overdue(now, settings_.topic, log_);
  metrics_.batches_overdue.set(static_cast<double>(batches_.overdue(now)));
  if (closed()) return;
  if (drain_.running()) {
    for (const uint64_t batch : batches_.due_again(now)) write_again(batch, commands);
  }
  send_dead_letters(now, commands);
  seal_batches(now, commands);
  gate_->take_sendable(now, wall_, commands.records);
  if (drain_.running() && flow_.update_push_back()) {
    metrics_.backpressure(settings_.destination.content).add();
  }
  submit_what_waits(commands);
  advance_revoke(now, commands);
  if (settings_.stop_at_timestamp_ms) check_stop_condition(now, commands);
  if (drain_.draining()) advance_stop(now, commands);
  commit_what_can_be(now, commands);
  if (drain_.close_overdue(now)) {
    log_.emit(CloseTimeout{settings_.topic, consumer_});
    if (drain_.stopping()) commands.abandon_batches = true;  // else their partitions may resume in the next consumer
    consumer_ended(End::None, now);
  }
  compare_pauses(commands);
  log_blocks(now);
  update_gauges();
}

// --- commits --------------------------------------------------------------------------------------------------------

bool Pipeline::wants_commit(const TrackedPartition& partition) const {
  return partition.has_valid_offset() && committer_.of(partition.partition).wants(partition.offsets.committable());
}

// Excludes partitions that are not owned, and those that the broker refuses during a revoke.
bool Pipeline::may_commit(const TrackedPartition& partition) const {
  if (!partition.state.owned()) return false;
  return !partition.state.is<Draining>() || !committer_.refuses(partition.partition);
}

void Pipeline::commit_what_can_be(SteadyTime now, Commands& commands) {
  if (closed() || !commands.commit.empty() || !committer_.may_send(now, drain_.draining())) return;
  std::vector<OffsetCommitter::Committable> committable;
  for (const auto& [id, partition] : partitions_) {
    if (may_commit(partition) && wants_commit(partition)) {
      committable.push_back({id, partition.offsets.committable()});
    }
  }
  commands.commit = committer_.send(committable, now);
}

void Pipeline::on_event(CommitResult& result, SteadyTime, Commands&) {
  committer_.answered(result);
  (result.error ? metrics_.commits_failed : metrics_.commits_ok).add();
  if (!result.error) return;
  remember_kafka_error(result.error->text);
  log_.emit(CommitFailed{settings_.topic, result.error->text});
}

// --- flow control ---------------------------------------------------------------------------------------------------

FlowControl::ConsumerPhase Pipeline::consumer_phase() const {
  if (drain_.running()) return FlowControl::ConsumerPhase::Running;
  return drain_.stopping() ? FlowControl::ConsumerPhase::Stopping : FlowControl::ConsumerPhase::Leaving;
}

FlowControl::PartitionView Pipeline::flow_view(const TrackedPartition& partition) const {
  return {partition.partition, partition.blocks.any(), partition.reached_stop(), partition.state.is<Draining>()};
}

bool Pipeline::paused(const TrackedPartition& partition) const {
  return flow_.paused(flow_view(partition), consumer_phase());
}

void Pipeline::compare_pauses(Commands& commands) {
  if (closed()) return;
  FlowControl::Changes changes;
  for (const auto& [id, partition] : partitions_) {
    if (partition.state.owned()) flow_.compare(flow_view(partition), consumer_phase(), changes);
  }
  commands.pause = std::move(changes.pause);
  commands.resume = std::move(changes.resume);
}

void Pipeline::refetch(const std::vector<Partition>& partitions, Commands& commands) {
  if (!drain_.running()) return;
  for (const Partition id : partitions) {
    const TrackedPartition* partition = partitions_.find(id);
    if (partition == nullptr || !partition->state.is<Active>() || paused(*partition)) continue;
    commands.refetch.push_back(id);
  }
}

// --- status --------------------------------------------------------------------------------------------------------

SteadyTime Pipeline::next_deadline(SteadyTime now) const {
  SteadyTime next = now + kIdle;
  const auto consider = [&](std::optional<SteadyTime> at) {
    if (at) next = std::min(next, *at);
  };
  consider(drain_.next_deadline());
  if (closed()) return std::max(next, now);  // everything else waits for the next consumer
  if (may_seal() && batches_.active() < size_t{2} * options_.clickhouse_concurrency)
    consider(batcher_.due_at(options_, no_more_rows_come()));
  const bool anything_to_commit = std::any_of(partitions_.begin(), partitions_.end(), [&](const auto& entry) {
    return may_commit(entry.second) && wants_commit(entry.second);
  });
  if (anything_to_commit) consider(committer_.due());
  if (drain_.running()) consider(batches_.next_again());
  consider(dlq_.next_deadline());
  consider(gate_->next_deadline());
  return std::max(next, now);
}

size_t Pipeline::max_chunk_messages() const {
  return static_cast<size_t>(std::min<uint64_t>(kMaxChunkMessages, options_.max_batch_rows));
}

void Pipeline::update_gauges() {
  size_t blocked_count = 0;
  size_t paused_count = 0;
  size_t owned = 0;
  for (const auto& [id, partition] : partitions_) {
    if (!partition.state.owned()) continue;
    ++owned;
    if (partition.blocks.any()) {
      ++blocked_count;
    } else if (paused(partition)) {
      ++paused_count;
    }
  }
  metrics_.in_flight_bytes.set(static_cast<double>(budget_->held()));
  metrics_.batches_in_flight.set(static_cast<double>(batches_.active()));
  metrics_.batches_blocked.set(static_cast<double>(batches_.blocked_count()));
  metrics_.partitions_assigned.set(static_cast<double>(owned));
  metrics_.partitions_blocked.set(static_cast<double>(blocked_count));
  metrics_.partitions_paused.set(static_cast<double>(paused_count));
}

ConsumerState Pipeline::consumer_state() const {
  ConsumerState state;
  state.commit_outstanding = committer_.outstanding();
  state.ending = ending();
  state.revoking = drain_.drains_revoke();
  state.last_message = last_message_;
  state.first_message = first_message_;
  state.reached_end = reached_end_;
  return state;
}

StreamStatus Pipeline::status(SteadyTime now) const {
  StreamStatus status = totals_;
  for (const auto& [id, partition] : partitions_) {
    if (!partition.state.owned()) continue;
    PartitionStatus one;
    one.partition = id;
    one.position = partition.offsets.position();
    one.committed = committer_.of(id).acknowledged();
    one.paused = paused(partition);
    if (partition.blocks.any()) one.blocked = partition.blocks.first().text;
    status.partitions.push_back(std::move(one));
  }
  status.assigned = assigned_;
  status.draining = drain_.draining() || drain_.closing();
  status.batches_in_flight = batches_.size();
  status.in_flight_bytes = budget_->held();
  if (std::string unstored = batches_.not_ready_reason(now); !unstored.empty()) {
    status.waiting_for = std::move(unstored);
  } else if (!source_error_.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", source_error_);
  } else if (const std::string dead_letters = dlq_.not_ready_reason(now); !dead_letters.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", dead_letters);
  } else if (const std::string records = gate_->not_ready_reason(now); !records.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", records);
  }
  status.consumer_number = consumer_;
  status.generation = generation_;
  status.consumer_age_seconds = to_seconds(now - consumer_started_at_);
  return status;
}

}  // namespace freshet::stream
