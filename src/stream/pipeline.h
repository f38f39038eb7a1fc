// The decisions of the pipeline: events in, commands out. It has no thread, clock or socket, so every interleaving can
// be tested on one thread.
//
// pipeline.cc follows a message through the pipeline. Further files handle partitions and consumers
// (pipeline_assignments.cc), batches (pipeline_batches.cc) and blocked partitions (pipeline_blocks.cc). The class has
// more methods than most because each event is one. Decisions that concern a single matter are delegated:
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
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/options.h"
#include "model/skip.h"
#include "model/status.h"
#include "ports/batch_observer.h"
#include "ports/consumer_control.h"
#include "ports/offset_gate.h"
#include "ports/source.h"
#include "stream/batch_writing.h"
#include "stream/batcher.h"
#include "stream/batches_in_flight.h"
#include "stream/commands.h"
#include "stream/dlq_writer.h"
#include "stream/drain.h"
#include "stream/flow_control.h"
#include "stream/offset_committer.h"
#include "stream/processing.h"
#include "stream/stream_metrics.h"
#include "stream/stream_settings.h"
#include "stream/tracked_partition.h"
#include "stream/work_queue.h"

namespace freshet::stream {

// Threads: the loop only. Outlives all consumers: partitions, batches in flight and dead letters carry over to the next
// one.
class Pipeline {
 public:
  // `gate` may be null (nothing is written beside the rows); it is ignored with skip_write.
  Pipeline(StreamSettings settings, const LiveOptions& options, bool has_dead_letters, std::unique_ptr<OffsetGate> gate,
           StreamMetrics& metrics, Log& log, SteadyTime now);

  // Call before anything else.
  void observe_batches(std::vector<std::unique_ptr<BatchObserver>> observers) { observers_ = std::move(observers); }
  // See Batcher::measure_with(); call before anything else.
  void measure_batches(std::unique_ptr<BatchMeasure> measure) { batcher_.measure_with(std::move(measure)); }

  OffsetGate::Needs gate_needs() const { return gate_->needs(); }

  // --- consumers
  void consumer_started(uint64_t number, SteadyTime now);
  // Pauses commits, except for partitions that are drained for a revoke.
  void pause_commits(bool paused) { committer_.pause(paused); }
  // While paused, no batch is sealed, except by the drain of a stop.
  void pause_batches(bool paused) { batches_paused_ = paused; }
  // Ends the consumer at once and drops nothing: all partitions are suspended, and the next consumer's assignment
  // decides which of them resume.
  void hand_over(SteadyTime now);
  // Leaves the group: finishes and commits sealed batches, suspends everything else.
  void leave(SteadyTime now, Commands& commands);
  void request_stop(SteadyTime now, Commands& commands);
  bool closed() const { return drain_.closed(); }
  // A drain or a close has begun.
  bool ending() const { return !drain_.running(); }
  End end() const { return drain_.end(); }

  // --- events
  void on_source_event(SourceEvent event, SteadyTime now, Commands& commands);
  void on_processed(std::shared_ptr<const ProcessedChunk> chunk, SteadyTime now);
  // A worker found the byte budget exhausted. The work waits here until there is room, or until nothing else can make
  // room.
  void on_handed_back(Work work);
  void on_batch(BatchResult result, SteadyTime now);
  void on_insert_failure(uint64_t batch, const InsertFailure& failure, SteadyTime now);
  void on_dead_letter_result(uint64_t ticket, const Status& status, SteadyTime now);
  void on_record_result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now);
  // The wall-clock time of this turn of the loop.
  void set_wall_clock(SystemTime wall) { wall_ = wall; }
  void set_options(const LiveOptions& options, SteadyTime now);
  // Everything that depends on time: seals, commits, sends dead letters, pauses and resumes, ends drains. Call once a
  // turn, after all other events.
  void tick(SteadyTime now, Commands& commands);

  // --- for an operator and the watchdog
  // Resumes the blocked `partition` at `next`. Below it, messages that no destination accepts are dropped, and unread
  // messages are skipped. Everything else in flight continues.
  Result<SkipResult> skip(Partition partition, Offset next, SteadyTime now, Commands& commands);
  bool is_blocked(Partition partition) const;
  // Applies the operator's decision about the blocked batch with rows of the partition. Without a resolution, messages
  // that no insert accepts count as bad data.
  Result<SkipResult> resolve(Partition partition, std::optional<Resolution> resolution, SteadyTime now,
                             Commands& commands);
  // A batch with rows of the partition is blocked, and the partition is blocked for no other reason that skip() could
  // resolve.
  bool is_blocked_by_batch(Partition partition) const;
  // A writer holds a batch with rows of the partition until the operator skips the partition to treat its rows as bad
  // data.
  bool holds_batch_of(Partition partition) const { return batches_.waits_for_operator_with(partition); }
  // Fetches the partitions again from their positions. Ignores partitions that should not deliver now.
  void refetch(const std::vector<Partition>& partitions, Commands& commands);

  // --- status
  // Bytes held for messages in flight. Threads: any.
  const std::shared_ptr<ByteBudget>& budget() const { return budget_; }
  // Backpressure pauses the partitions.
  bool pushing_back() const { return flow_.pushing_back(); }
  // When something changes with time alone.
  SteadyTime next_deadline(SteadyTime now) const;
  // Upper bound for messages per chunk, so that small batches are possible.
  size_t max_chunk_messages() const;
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
  void on_event(SourceFault& fault, SteadyTime now, Commands& commands);
  void on_event(SourceRecovered& recovered, SteadyTime now, Commands& commands);
  void on_event(ConsumerClosed& closed, SteadyTime now, Commands& commands);

  // Messages and workers.
  bool takes_chunks_of(const TrackedPartition& partition) const;
  void cut_at_stop(MessageChunk& chunk, TrackedPartition& partition) const;
  void submit_what_waits(Commands& commands);
  bool anything_makes_room() const;
  void remember_kafka_error(std::string text);

  // Batches.
  bool may_seal() const { return !drain_.closing() && (!batches_paused_ || drain_.draining()); }
  bool no_more_rows_come() const;
  void seal_batches(SteadyTime now, Commands& commands);
  void seal_one(SteadyTime now, Commands& commands);
  void count_written(const SealedBatch& batch, uint64_t rows, uint64_t bytes, SteadyTime now);
  void finish_stored(const OffsetGate::Finished& finished);
  void block_batch(BatchResult result, SteadyTime now);
  void give_up_blocked(uint64_t batch);
  void write_again(uint64_t batch, Commands& commands);
  void unblock_written(const SealedBatch& batch);
  void abandon_orphans(Commands& commands);

  // Dead letters and blocked partitions.
  void add_dead_letter(std::shared_ptr<const DeadLetterRecord> dead_letter, TrackedPartition& partition);
  void close_dead_letter(const DlqWriter::Finished& finished);
  void send_dead_letters(SteadyTime now, Commands& commands);
  void apply_blocks(const std::vector<DlqWriter::Blocked>& blocked);
  void unblock(TrackedPartition& partition, BlockReason reason);
  void log_resumed(const TrackedPartition& partition);
  void block_again(TrackedPartition& partition, BlockReason reason);
  Result<uint64_t> give_up_below(TrackedPartition& partition, BlockReason reason, Offset next);
  uint64_t skip_to(TrackedPartition& partition, BlockReason reason, Offset next, Commands& commands);
  Status may_skip(const TrackedPartition& partition, BlockReason reason, Offset next) const;
  std::optional<Offset> blocked_at(const TrackedPartition& partition, BlockReason reason) const;
  void log_blocks(SteadyTime now);

  // Commits.
  bool wants_commit(const TrackedPartition& partition) const;
  bool may_commit(const TrackedPartition& partition) const;
  void commit_what_can_be(SteadyTime now, Commands& commands);

  // Consumers and rebalances.
  TrackedPartition& begin_assignment(Partition partition, Offset start);
  TrackedPartition& begin_assigned(const AssignedPartition& assigned, bool continues);
  bool resumes(const TrackedPartition& partition, const AssignedPartition& assigned, bool continues) const;
  void resume(TrackedPartition& partition, const AssignedPartition& assigned, bool continues);
  PendingRows stop_batching(const TrackedPartition& partition);
  bool finished(const TrackedPartition& partition) const;
  DrainWaits revoke_waits(Partition partition) const;
  void advance_revoke(SteadyTime now, Commands& commands);
  void answer_revoke(SteadyTime now, Commands& commands);
  DrainWaits stop_waits() const;
  void begin_stop(End end, SteadyTime now, Commands& commands);
  void advance_stop(SteadyTime now, Commands& commands);
  void check_stop_condition(SteadyTime now, Commands& commands);
  void suspend_all(SteadyTime now);
  void check_suspended(SteadyTime now, Commands& commands);
  void drop(TrackedPartition& partition, Commands* commands);
  void drop_suspended(Commands& commands);
  void drop_all(Commands* commands);
  void consumer_ended(End end, SteadyTime now);

  // Flow control.
  FlowControl::ConsumerPhase consumer_phase() const;
  FlowControl::PartitionView flow_view(const TrackedPartition& partition) const;
  bool paused(const TrackedPartition& partition) const;
  void compare_pauses(Commands& commands);
  void update_gauges();

  const StreamSettings settings_;
  LiveOptions options_;
  const bool has_dead_letters_;
  StreamMetrics& metrics_;
  Log& log_;

  const std::shared_ptr<ByteBudget> budget_;
  PartitionTable partitions_;
  WorkQueue work_;
  FlowControl flow_;
  OffsetCommitter committer_;
  Drain drain_;
  Batcher batcher_;
  BatchesInFlight batches_;
  DlqWriter dlq_;
  const std::unique_ptr<OffsetGate> gate_;
  std::vector<std::unique_ptr<BatchObserver>> observers_;
  bool dropped_ = false;  // a partition was dropped since the last tick()
  bool batches_paused_ = false;

  // Of the current consumer.
  bool assigned_ = false;
  std::optional<SteadyTime> first_message_;
  bool reached_end_ = false;  // the end of some partition was seen
  uint64_t consumer_ = 0;
  SteadyTime consumer_started_at_{};

  SystemTime wall_{};
  int32_t generation_ = -1;
  std::optional<SteadyTime> last_message_;
  StreamStatus totals_;  // counters and last errors; status() fills in the partitions
  std::string source_error_;
};

}  // namespace freshet::stream
