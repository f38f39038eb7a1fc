// Which partitions deliver, when the pipeline has something to do next, and what it reports.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/pipeline.h"

namespace freshet::stream {
namespace {

constexpr size_t kMaxChunkMessages = 256;
constexpr Duration kIdle = std::chrono::seconds(1);

}  // namespace

// --- flow control ---------------------------------------------------------------------------------------------------

FlowControl::ConsumerPhase Pipeline::consumer_phase() const {
  if (state_.drain.running()) return FlowControl::ConsumerPhase::Running;
  return state_.drain.stopping() ? FlowControl::ConsumerPhase::Stopping : FlowControl::ConsumerPhase::Leaving;
}

FlowControl::PartitionView Pipeline::flow_view(const TrackedPartition& partition) const {
  return {partition.partition,
          partition.blocks.any(),
          partition.reached_stop(),
          partition.state.is<Draining>(),
          replaying_ == partition.partition,
          state_.intake.turns().held_back(partition.partition)};
}

bool Pipeline::paused(const TrackedPartition& partition) const {
  return state_.flow.paused(flow_view(partition), consumer_phase());
}

void Pipeline::advance_intake(SteadyTime now) {
  std::vector<Partition> deliver;
  for (const auto& [id, partition] : state_.partitions) {
    if (takes_chunks_of(partition) && !partition.blocks.any() && partition.has_valid_offset()) deliver.push_back(id);
  }
  state_.intake.turns().set_partitions(deliver, now);
  const bool stopped = state_.flow.backpressure() || !state_.drain.running();
  state_.intake.advance(
      {state_.work.bytes_with_workers(), state_.batches.held_for_operator(), batches_making_room() > 0, stopped}, now);
}

void Pipeline::compare_pauses(Commands& commands) {
  if (closed()) return;
  FlowControl::Changes changes;
  for (const auto& [id, partition] : state_.partitions) {
    if (partition.state.owned()) state_.flow.compare(flow_view(partition), consumer_phase(), changes);
  }
  commands.pause = std::move(changes.pause);
  commands.resume = std::move(changes.resume);
}

void Pipeline::refetch(const std::vector<Partition>& partitions, Commands& commands) {
  if (!state_.drain.running()) return;
  for (const Partition id : partitions) {
    const TrackedPartition* partition = state_.partitions.find(id);
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
  consider(state_.drain.next_deadline());
  if (closed()) return std::max(next, now);  // everything else waits for the next consumer
  if (may_seal() && has_slot())
    consider(state_.batcher.due_at(state_.options, seal_reason(), [&](Partition id) { return next_span(id); }));
  const bool anything_to_commit =
      std::any_of(state_.partitions.begin(), state_.partitions.end(),
                  [&](const auto& entry) { return may_commit(entry.second) && wants_commit(entry.second); });
  if (anything_to_commit) consider(state_.committer.due());
  if (state_.drain.running()) consider(state_.batches.next_again());
  consider(state_.intake.turns().next_deadline());
  consider(state_.dlq.next_deadline());
  consider(state_.gate->next_deadline());
  return std::max(next, now);
}

size_t Pipeline::max_chunk_messages() const {
  return static_cast<size_t>(std::min<uint64_t>(kMaxChunkMessages, state_.options.max_batch_rows));
}

void Pipeline::update_gauges() {
  size_t blocked_count = 0;
  size_t paused_count = 0;
  size_t owned = 0;
  for (const auto& [id, partition] : state_.partitions) {
    if (!partition.state.owned()) continue;
    ++owned;
    if (partition.blocks.any()) {
      ++blocked_count;
    } else if (paused(partition)) {
      ++paused_count;
    }
  }
  state_.metrics.in_flight_bytes.set(static_cast<double>(state_.budget->held()));
  state_.metrics.batches_in_flight.set(static_cast<double>(state_.batches.active()));
  state_.metrics.batches_blocked.set(static_cast<double>(state_.batches.blocked_count()));
  state_.metrics.partitions_assigned.set(static_cast<double>(owned));
  state_.metrics.partitions_blocked.set(static_cast<double>(blocked_count));
  state_.metrics.partitions_paused.set(static_cast<double>(paused_count));
}

ConsumerState Pipeline::consumer_state() const {
  ConsumerState state;
  state.commit_outstanding = state_.committer.outstanding();
  state.ending = ending();
  state.revoking = state_.drain.drains_revoke();
  state.last_message = last_message_;
  state.first_message = first_message_;
  state.reached_end = reached_end_;
  return state;
}

StreamStatus Pipeline::status(SteadyTime now) const {
  StreamStatus status = state_.totals.status;
  for (const auto& [id, partition] : state_.partitions) {
    if (!partition.state.owned()) continue;
    PartitionStatus one;
    one.partition = id;
    one.position = partition.offsets.position();
    one.committed = state_.committer.of(id).acknowledged();
    one.paused = paused(partition);
    one.offered_at = state_.intake.offered_at(id);
    if (partition.blocks.any()) one.blocked = partition.blocks.first().text;
    status.partitions.push_back(std::move(one));
  }
  status.assigned = assigned_;
  status.draining = state_.drain.draining() || state_.drain.closing();
  status.batches_in_flight = state_.batches.size();
  status.in_flight_bytes = state_.budget->held();
  if (std::string unstored = state_.batches.not_ready_reason(now); !unstored.empty()) {
    status.waiting_for = std::move(unstored);
  } else if (const auto& kafka = connection_error_.empty() ? source_error_ : connection_error_; !kafka.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", kafka);
  } else if (const std::string dead_letters = state_.dlq.not_ready_reason(now); !dead_letters.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", dead_letters);
  } else if (const std::string records = state_.gate->not_ready_reason(now); !records.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", records);
  }
  status.consumer_number = consumer_;
  status.generation = generation_;
  status.consumer_age_seconds = to_seconds(now - consumer_started_at_);
  return status;
}

}  // namespace freshet::stream
