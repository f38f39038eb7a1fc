// The decisions of the pipeline: events in, commands out. It has no thread, clock or socket, so every interleaving can
// be tested on one thread.
//
// One event can touch offsets, batches, dead letters and commits together, so the parts share one PipelineState:
//
//   Pipeline            the turn of the loop; chunks, batches, commits (pipeline.cc); consumers, assignments, revokes
//                       and stops (pipeline_assignments.cc); flow control and status (pipeline_status.cc)
//   PartitionLifecycle  a partition comes, is suspended, resumes, goes
//   BatchOutcomes       a batch is stored, rejected in part, or blocked
//   DeadLetters         messages that cannot become rows
//   BlockedPartitions   what an operator's skip does
//   PlannedInserts      exactly-once delivery: plans batches before they are inserted, and repeats planned ones
//
// Decisions about a single matter are classes of their own, which know nothing of each other (pipeline_state.h):
//
//   PartitionState   the state of a partition: active, leaving, draining, suspended
//   Blocks           why a partition is blocked
//   OffsetTracker    which offsets are unfinished, and which may be committed
//   OffsetCommitter  when to send a commit, and what the broker accepts
//   FlowControl      which partitions the source delivers
//   WorkQueue        what the workers have, and what they handed back for lack of memory
//   Drain            what a stop, a revoke and a leave wait for, and for how long
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "model/options.h"
#include "model/skip.h"
#include "model/status.h"
#include "ports/batch_observer.h"
#include "ports/consumer_control.h"
#include "ports/offset_gate.h"
#include "ports/source.h"
#include "stream/batch_outcomes.h"
#include "stream/blocked_partitions.h"
#include "stream/commands.h"
#include "stream/dead_letters.h"
#include "stream/partition_lifecycle.h"
#include "stream/pipeline_state.h"
#include "stream/planned_inserts.h"
#include "stream/processing.h"

namespace freshet::stream {

// Threads: the loop only. Outlives all consumers: partitions, batches in flight and dead letters carry over to the next
// one.
class Pipeline {
 public:
  // See PipelineState.
  Pipeline(StreamSettings settings, const LiveOptions& options, bool has_dead_letters, std::unique_ptr<OffsetGate> gate,
           StreamMetrics& metrics, Log& log, SteadyTime now);

  // Call before anything else.
  void observe_batches(std::vector<std::unique_ptr<BatchObserver>> observers) {
    state_.observers = std::move(observers);
  }
  // See Batcher::measure_with(); call before anything else.
  void measure_batches(std::unique_ptr<BatchMeasure> measure) { state_.batcher.measure_with(std::move(measure)); }

  OffsetGate::Needs gate_needs() const { return state_.gate->needs(); }

  // --- consumers
  void consumer_started(uint64_t number, SteadyTime now);
  // Pauses commits, except for partitions that are drained for a revoke.
  void pause_commits(bool paused) { state_.committer.pause(paused); }
  // While paused, no batch is sealed, except by the drain of a stop.
  void pause_batches(bool paused) { batches_paused_ = paused; }
  // Ends the consumer at once and drops nothing: all partitions are suspended, and the next consumer's assignment
  // decides which of them resume.
  void hand_over(SteadyTime now);
  // Leaves the group: finishes and commits sealed batches, suspends everything else.
  void leave(SteadyTime now, Commands& commands);
  void request_stop(SteadyTime now, Commands& commands);
  bool closed() const { return state_.drain.closed(); }
  const RecentDeadLetters& recent_dead_letters() const { return state_.recent_dead_letters; }
  // A drain or a close has begun.
  bool ending() const { return !state_.drain.running(); }
  End end() const { return state_.drain.end(); }

  // --- events
  void on_source_event(SourceEvent event, SteadyTime now, Commands& commands);
  void on_processed(std::shared_ptr<const ProcessedChunk> chunk, SteadyTime now);
  // A worker found the byte budget exhausted. The work waits here until there is room, or until nothing else can make
  // room.
  void on_handed_back(Work work);
  void on_batch(BatchResult result, SteadyTime now);
  void on_insert_failure(uint64_t batch, const InsertFailure& failure, SteadyTime now) {
    outcomes_.insert_failed(batch, failure, now);
  }
  void on_dead_letter_result(uint64_t ticket, const Status& status, SteadyTime now) {
    dead_letters_.result(ticket, status, now);
  }
  void on_record_result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now);
  // The wall-clock time and Clock::since_boot() of this turn of the loop.
  void set_clocks(SystemTime wall, Duration since_boot) {
    state_.totals.wall = wall;
    state_.since_boot = since_boot;
  }
  void set_options(const LiveOptions& options, SteadyTime now);
  // Everything that depends on time: seals, commits, sends dead letters, pauses and resumes, ends drains. Call once a
  // turn, after all other events.
  void tick(SteadyTime now, Commands& commands);

  // --- for an operator and the watchdog
  // What an operator can resolve, and how.
  BlockedPartitions& blocked_partitions() { return blocked_; }
  BatchOutcomes& batch_outcomes() { return outcomes_; }
  // A writer holds a batch with rows of the partition until the operator skips the partition to treat its rows as bad
  // data.
  bool holds_batch_of(Partition partition) const { return state_.batches.waits_for_operator_with(partition); }
  // Fetches the partitions again from their positions. Ignores partitions that should not deliver now.
  void refetch(const std::vector<Partition>& partitions, Commands& commands);

  // --- status
  // Bytes held for messages in flight. Threads: any.
  const std::shared_ptr<ByteBudget>& budget() const { return state_.budget; }
  // Backpressure pauses the partitions.
  bool backpressure() const { return state_.flow.backpressure(); }
  // When something changes with time alone.
  SteadyTime next_deadline(SteadyTime now) const;
  // Upper bound for messages per chunk, so that small batches are possible.
  size_t max_chunk_messages() const;
  // See Intake::wanted(). 0: the messages may wait until a worker or a writer has done something.
  uint64_t wanted_bytes() const { return state_.intake.wanted(); }
  // The source has to say what comes in its place among the messages: an assignment, or the end of the consumer. No
  // message of this consumer is accepted before it.
  bool awaits_source() const { return !assigned_ || ending(); }
  // The pipeline's part; the caller adds the source's membership.
  ConsumerState consumer_state() const;
  StreamStatus status(SteadyTime now) const;

 private:
  void on_event(MessageChunk& chunk, SteadyTime now, Commands& commands);
  void on_event(PartitionsAssigned& assigned, SteadyTime now, Commands& commands);
  void on_event(PartitionsRevoked& revoked, SteadyTime now, Commands& commands);
  void on_event(CommitResult& result, SteadyTime now, Commands& commands);
  void on_event(EndOfPartition& end, SteadyTime now, Commands& commands);
  void on_event(NoValidOffset& none, SteadyTime now, Commands& commands);
  void on_event(UnreadableBatch& unreadable, SteadyTime now, Commands& commands);
  void on_event(ValidOffset& valid, SteadyTime now, Commands& commands);
  void on_event(CommittedPlan& found, SteadyTime now, Commands& commands);
  void on_event(SourceFault& fault, SteadyTime now, Commands& commands);
  void on_event(SourceRecovered& recovered, SteadyTime now, Commands& commands);
  void on_event(ConsumerClosed& closed, SteadyTime now, Commands& commands);

  // Messages and workers.
  static bool seeks(const Commands& commands, Partition partition);
  bool takes_chunks_of(const TrackedPartition& partition) const;
  void deliver(MessageChunk chunk, TrackedPartition& partition, Commands& commands);
  void cut_at_stop(MessageChunk& chunk, TrackedPartition& partition) const;
  void submit_what_waits(Commands& commands);
  bool anything_makes_room() const;

  // Batches.
  bool may_seal() const { return !state_.drain.closing() && (!batches_paused_ || state_.drain.draining()); }
  // Batches that can go on, and thus make room. Planned ones of suspended partitions cannot.
  size_t batches_going_on() const { return state_.batches.active() - planned_.suspended(); }
  // An operator must decide what becomes of the rest.
  size_t batches_making_room() const {
    const size_t going_on = batches_going_on();
    return going_on - std::min(going_on, state_.batches.active_for_operator());
  }
  bool has_slot() const { return batches_going_on() < size_t{2} * state_.options.clickhouse_concurrency; }
  bool no_more_rows_come() const;
  std::optional<Partition> first_to_replay() const;
  SealReason seal_reason() const;
  std::optional<Offset> next_span(Partition partition) const;
  void seal_batches(SteadyTime now, Commands& commands);
  void begin_batch(std::shared_ptr<const SealedBatch> batch, SteadyTime now, Commands& commands);

  // Commits.
  CommitPoint commit_point(const TrackedPartition& partition) const;
  bool wants_commit(const TrackedPartition& partition) const;
  bool may_commit(const TrackedPartition& partition) const;
  void commit_what_can_be(SteadyTime now, Commands& commands);

  // Consumers and rebalances.
  void renew_expired(SteadyTime now);
  DrainWaits revoke_waits(Partition partition) const;
  void advance_revoke(SteadyTime now, Commands& commands);
  void answer_revoke(SteadyTime now, Commands& commands);
  DrainWaits stop_waits() const;
  void begin_stop(End end, SteadyTime now, Commands& commands);
  void advance_stop(SteadyTime now, Commands& commands);
  void check_stop_condition(SteadyTime now, Commands& commands);
  void check_suspended(SteadyTime now, Commands& commands);
  void consumer_ended(End end, SteadyTime now);
  void kafka_works();    // all errors of the source are over
  void messages_come();  // the same, unless connections are broken

  // Flow control.
  FlowControl::ConsumerPhase consumer_phase() const;
  FlowControl::PartitionView flow_view(const TrackedPartition& partition) const;
  bool paused(const TrackedPartition& partition) const;
  void advance_intake(SteadyTime now);
  void compare_pauses(Commands& commands);
  void update_gauges();

  PipelineState state_;
  DeadLetters dead_letters_;
  BlockedPartitions blocked_;
  BatchOutcomes outcomes_;
  PartitionLifecycle lifecycle_;
  PlannedInserts planned_;
  std::optional<Partition> replaying_;  // the first partition with planned inserts to rebuild
  bool batches_paused_ = false;

  // Of the current consumer.
  bool assigned_ = false;
  std::optional<SteadyTime> first_message_;
  bool reached_end_ = false;  // the end of some partition was seen
  uint64_t consumer_ = 0;
  SteadyTime consumer_started_at_{};

  int32_t generation_ = -1;
  std::optional<SteadyTime> last_message_;
  std::string source_error_;      // the last one; empty = none, or it is over
  std::string connection_error_;  // the same of connections
};

}  // namespace freshet::stream
