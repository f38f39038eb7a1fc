// The decisions of the stream: events in, actions out. No thread, no clock, no socket: every interleaving can be tested
// on one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/options.h"
#include "model/released.h"
#include "model/status.h"
#include "ports/session_control.h"
#include "ports/source.h"
#include "stream/batch_writing.h"
#include "stream/batcher.h"
#include "stream/batches_in_flight.h"
#include "stream/dead_letter_desk.h"
#include "stream/partition_stream.h"
#include "stream/processing.h"
#include "stream/side_outputs.h"
#include "stream/stream_metrics.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

// What the runner has to do next; it empties this after each step, in the order of the members.
struct Actions {
  std::vector<Work> work;
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  std::vector<BatchTask> again;  // what is left of batches that were blocked
  std::vector<OutgoingLetter> letters;
  std::vector<OutgoingRecord> records;
  std::vector<Partition> pause;
  std::optional<std::vector<StartAt>> answer_assign;  // before pause, seek and resume
  std::vector<std::pair<Partition, Offset>> seek;
  std::vector<Partition> refetch;
  std::vector<Partition> resume;
  std::vector<OffsetToCommit> commit;
  bool abandon_batches = false;   // all of them
  std::vector<uint64_t> abandon;  // these
  bool purge_records = false;
  bool answer_revoke = false;
  std::optional<Farewell> begin_close;
};

// Why a session ended, as the stream sees it.
enum class End {
  None,
  Stopped,   // request_stop()
  Finished,  // stop_at_timestamp was reached everywhere
  Broken,    // the source is beyond repair
  Renewed,   // hand_over() or leave(): the stream goes on in the next session
};

// Threads: the loop only. One Core outlives all sessions of its pipeline: epochs, batches in flight and letters do.
class Core {
 public:
  // `cogs_resource`: under which the processor's bytes are accounted; may be empty.
  Core(StreamSettings settings, const LiveOptions& options, bool has_dead_letters, std::string cogs_resource,
       StreamMetrics& metrics, Log& log, SteadyTime now);

  // See Batcher; before anything else.
  void measure_batches(std::unique_ptr<BatchMeasure> measure) { batcher_.measure_with(std::move(measure)); }
  void begin_session(uint64_t number, SteadyTime now);
  // No commit is sent until it is called with false again, but of partitions that are drained before they go.
  void hold_commits(bool held) { commits_held_ = held; }
  // No batch is sealed until it is called with false again.
  void hold_batches(bool held) { batches_held_ = held; }
  bool commit_outstanding() const { return commit_outstanding_; }
  // Ends the session here and now. Nothing is thrown away: the streams are suspended until the next session's
  // assignment tells which of them go on.
  void hand_over(SteadyTime now);
  // Leaves the group: what is sealed is finished and committed, all else is suspended.
  void leave(SteadyTime now, Actions& actions);

  void on_source_event(SourceEvent event, SteadyTime now, Actions& actions);
  void on_processed(std::shared_ptr<const ProcessedChunk> chunk, SteadyTime now, Actions& actions);
  // A worker found the byte budget exhausted: the work waits here until there is room, or until nothing but it can make
  // room.
  void on_handed_back(Work work);
  void on_batch(BatchResult result, SteadyTime now, Actions& actions);
  void on_insert_failure(uint64_t batch, const InsertFailure& failure, SteadyTime now);
  void on_letter_result(uint64_t ticket, const Status& status, SteadyTime now, Actions& actions);
  void on_record_result(SideTopicName topic, uint64_t ticket, const Status& status, SteadyTime now, Actions& actions);
  // What people's clocks say; as of this turn of the loop.
  void set_wall_clock(SystemTime wall) { wall_ = wall; }
  void set_options(const LiveOptions& options, SteadyTime now);
  void request_stop(SteadyTime now, Actions& actions);
  // Everything that time does: seals, commits, sends letters, pauses and resumes, ends drains. Call after other events.
  void tick(SteadyTime now, Actions& actions);

  // The operator goes on with the held `partition` from `next`: what could be put nowhere below it is given up, what
  // was not read below it is skipped. All else that is open goes on.
  Result<Released> release(Partition partition, Offset next, SteadyTime now, Actions& actions);
  bool holds(Partition partition) const;
  // The operator says what becomes of the blocked batch with rows of the partition; without a resolution: that the
  // messages that no insert takes are bad data.
  Result<Released> resolve(Partition partition, std::optional<Resolution> resolution, SteadyTime now, Actions& actions);
  // A batch with rows of this partition is blocked, and release() is not about another cause.
  bool blocks(Partition partition) const;
  // Fetches what comes next of them anew; those that are not to deliver anything now are left alone.
  void refetch(const std::vector<Partition>& partitions, Actions& actions);

  // A batch with rows of this partition waits for an operator, who says by releasing it that its rows are bad data.
  bool holds_batch_of(Partition partition) const { return batches_.held_with(partition); }

  // What is held for messages under way. Threads: any.
  const std::shared_ptr<ByteBudget>& budget() const { return budget_; }

  bool closed() const { return phase_ == Phase::Closed; }
  // A drain or a close has begun.
  bool ending() const { return phase_ != Phase::Running; }
  End end() const { return end_; }
  // Nothing changes by itself before this.
  SteadyTime next_deadline(SteadyTime now) const;
  // Messages in one chunk at most, so that small batches are possible.
  size_t max_chunk_messages() const;
  // What is known beside the source's membership.
  SessionFacts facts() const;
  StreamStatus status(SteadyTime now) const;

 private:
  enum class Phase { Running, Draining, Closing, Closed };
  struct Revoke {
    std::vector<Partition> partitions;
    bool lost = false;
    SteadyTime deadline;
    std::set<Partition> void_commits{};  // the broker takes none of them any more
  };

  void on_event(MessageChunk& chunk, SteadyTime now, Actions& actions);
  void on_event(PartitionsAssigned& assigned, SteadyTime now, Actions& actions);
  void on_event(PartitionsRevoked& revoked, SteadyTime now, Actions& actions);
  void on_event(CommitResult& result, SteadyTime now, Actions& actions);
  void on_event(EndOfPartition& end, SteadyTime now, Actions& actions);
  void on_event(PartitionOutOfRange& lost, SteadyTime now, Actions& actions);
  void on_event(PartitionStuck& stuck, SteadyTime now, Actions& actions);
  void on_event(PartitionUnreadable& unreadable, SteadyTime now, Actions& actions);
  void on_event(PartitionUnstuck& unstuck, SteadyTime now, Actions& actions);
  void on_event(SourceFault& fault, SteadyTime now, Actions& actions);
  void on_event(SourceRecovered& recovered, SteadyTime now, Actions& actions);
  void on_event(SessionClosed& closed, SteadyTime now, Actions& actions);

  PartitionStream* find(Partition partition);
  PartitionStream* find(Partition partition, Epoch epoch);
  void hold(PartitionStream& stream, Hold hold, std::string reason, Actions& actions);
  void unhold(PartitionStream& stream, Hold hold, Actions& actions);
  void hold_again(PartitionStream& stream, Hold cause, Actions& actions);
  Status may_release(const PartitionStream& stream, Hold cause, Offset next) const;
  std::optional<Offset> offending(const PartitionStream& stream, Hold cause) const;
  void say_holds(SteadyTime now);
  void block_batch(BatchResult result, SteadyTime now, Actions& actions);
  void give_up_blocked(uint64_t batch);
  void write_again(uint64_t batch, Actions& actions);
  void unhold_written(const SealedBatch& batch, Actions& actions);
  void begin_drain(End end, SteadyTime now, Actions& actions);
  void remember_kafka_error(std::string text);
  void add_letter(std::shared_ptr<const DeadLetter> letter, PartitionStream& stream, Actions& actions);
  void close_letter(const DeadLetterDesk::Finished& finished);
  void count_written(const SealedBatch& batch, uint64_t rows, uint64_t bytes, SteadyTime now);
  void finish_stored(const SideOutputs::Finished& finished);
  bool may_seal() const { return phase_ != Phase::Closing && (!batches_held_ || phase_ == Phase::Draining); }
  bool no_more_rows_come() const;
  void seal_batches(SteadyTime now, Actions& actions);
  void seal_one(SteadyTime now, Actions& actions);
  void send_letters(SteadyTime now, Actions& actions);
  void apply_holds(const std::vector<DeadLetterDesk::Held>& held, Actions& actions);
  void push_back_or_go_on(Actions& actions);
  void submit(Work work, Actions& actions);
  void submit_what_waits(Actions& actions);
  bool anything_makes_room() const;
  void commit_what_can_be(SteadyTime now, Actions& actions);
  bool may_commit(const PartitionStream& stream) const;
  bool drains_revoke() const { return revoke_ && !revoke_->lost; }
  // Whoever holds commits: what is taken away is committed before it goes.
  bool commits_wait() const { return commits_held_ && !drains_revoke(); }
  bool anything_to_commit() const;
  bool finished(const PartitionStream& stream) const;
  void advance_revoke(SteadyTime now, Actions& actions);
  void advance_drain(SteadyTime now, Actions& actions);
  void check_stop_condition(SteadyTime now, Actions& actions);
  bool goes_on(const PartitionStream& stream, const AssignedPartition& assigned, bool continues) const;
  void go_on(PartitionStream& stream, const AssignedPartition& assigned, bool continues);
  PartitionStream& begin_stream(Partition partition, Offset start);
  void stop_filling(PartitionStream& stream);
  void suspend_all(std::optional<SteadyTime> until);
  void forget_suspended(Actions& actions);
  void check_suspended(SteadyTime now, Actions& actions);
  void end_session(SteadyTime now);
  bool stopping() const { return end_ == End::Stopped || end_ == End::Finished; }
  void forget(PartitionStream& stream, Actions* actions = nullptr);
  void abandon_orphans(Actions& actions);
  void update_gauges();
  std::optional<SteadyTime> commit_due() const;
  SteadyTime last_commit_deadline() const { return write_deadline_ + settings_.drain_timeout / 8; }

  const StreamSettings settings_;
  LiveOptions options_;
  const bool has_dead_letters_;
  StreamMetrics& metrics_;
  Log& log_;

  std::map<Partition, PartitionStream> streams_;
  Batcher batcher_;
  DeadLetterDesk desk_;
  SideOutputs side_;
  BatchesInFlight batches_;
  uint64_t next_epoch_ = 1;
  const std::shared_ptr<ByteBudget> budget_;
  size_t at_work_ = 0;             // works that the workers have
  std::vector<Work> handed_back_;  // by them
  bool pushing_back_ = false;
  bool forgot_ = false;  // a stream, since the last tick

  bool assigned_ = false;
  bool commit_outstanding_ = false;
  bool commits_held_ = false;
  bool batches_held_ = false;
  bool commit_failed_ = false;  // the last one; the next waits its interval
  SteadyTime last_commit_{};
  std::optional<Revoke> revoke_;
  std::optional<SteadyTime> abandoned_at_;
  SystemTime wall_{};
  // Suspended streams with inserts under way, and nobody knows whether their partitions come back: given up then.
  std::optional<SteadyTime> suspended_until_;
  int32_t generation_ = -1;
  std::optional<SteadyTime> last_message_;
  std::optional<SteadyTime> first_message_;  // of this session
  bool reached_end_ = false;                 // of a partition, in this session

  Phase phase_ = Phase::Closed;
  End end_ = End::None;
  SteadyTime write_deadline_{};
  SteadyTime close_deadline_{};
  uint64_t session_ = 0;
  SteadyTime session_began_{};

  StreamStatus totals_;  // counters and last errors; partitions are filled in by status()
  std::string source_trouble_;
};

}  // namespace freshet::stream
