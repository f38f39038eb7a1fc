// Exactly-once delivery: the way of a planned batch into the table.
//
// An insert is sent once the broker has acknowledged the plan that contains it, so whoever owns the partition next
// repeats it with the rows of the same messages and the same token. If the table rejects messages of a batch, the batch
// is split, and the plan has the pieces before they are sent. The pieces of one batch are inserted one after the other.
//
// A server that dies after it recorded the token of an insert and before it stored the rows acknowledges the repeat.
// The writer counts the rows then. If some are missing, the insert gets a salt in the plan, and with it another token.
// Whoever sends an insert with a salt counts first, and inserts only the messages without rows. This is safe for late
// inserts of other processes: an insert gets its next salt only after the server has acknowledged the token before, so
// that nothing is stored under it any more; and what two processes send under one token is stored once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/batch.h"
#include "stream/batch_outcomes.h"
#include "stream/batch_task.h"
#include "stream/commands.h"
#include "stream/insert_token.h"
#include "stream/partition_replay.h"
#include "stream/pipeline_state.h"

namespace freshet::stream {

// Threads: the loop only. Changes plans and batches.
class PlannedInserts {
 public:
  PlannedInserts(PipelineState& state, BatchOutcomes& outcomes) : state_(state), outcomes_(outcomes) {}

  // Plans the batch as the next span of its partition. The batch must be in flight (PipelineState::begin).
  void add(std::shared_ptr<const SealedBatch> batch, SteadyTime now);
  // Rebuilds the spans that the last owners of the partitions had planned, as far as their messages have arrived.
  void replay(SteadyTime now);
  // The result of an insert of a planned batch.
  void result(BatchResult result, SteadyTime now);
  // Adds the inserts whose plan the broker has, and finishes batches. `begin`: new inserts may be sent.
  void release(bool begin, SteadyTime now, Commands& commands);
  // Ends what is not with a writer: its partitions are read again by their next owners, who find it in the plans.
  void abandon_waiting(SteadyTime now);

  // True once after an insert was too old to be sent. It is sent again once the broker confirms the plan.
  bool take_expired() { return std::exchange(expired_, false); }
  // Something waits until the broker has the plan.
  bool wants_commit() const;
  // Batches that wait for their partition to be assigned again.
  size_t suspended() const;

 private:
  enum class Step {
    Waiting,  // for the acknowledgement of its plan
    Writing,  // a writer has it
    Blocked,  // until PipelineState::unblocked has it
    Stored,
    Rejected,  // a single message; the plan may still have it as planned
  };
  struct PlannedPiece {
    Piece piece;
    OffsetRange offsets;
    InsertToken token;
    PlanCheck check;
    uint64_t rows = 0;
    uint64_t version = 0;  // of the plan that has it
    uint32_t salt = 0;     // PlannedSpan::salt
    Step step = Step::Waiting;
    bool maybe_stored = false;  // it may have been sent before
    bool other_format = false;  // BatchTask::other_format
    bool other_rows = false;    // BatchTask::other_rows
    bool unplanned = false;     // the writer splits it as with at-least-once delivery
    RejectedMessage rejection{};
  };
  struct Batch {
    std::shared_ptr<const SealedBatch> sealed;
    std::vector<PlannedPiece> pieces;  // ascending
    std::vector<RejectedMessage> unplanned_rejections;
    bool any_stored = false;
    bool rejections_planned = false;  // the plan has all rejected pieces as such, in `version`
    uint64_t version = 0;
    uint32_t inserts = 0;
    Duration took{};

    const Span& span() const { return sealed->spans.front(); }
  };
  using Batches = std::map<uint64_t, Batch>;  // by batch id

  TrackedPartition* partition_of(const Batch& batch);
  void replay_span(TrackedPartition& partition, PartitionReplay::Rebuilt rebuilt, SteadyTime now);
  void replay_planned(TrackedPartition& partition, PartitionReplay::Rebuilt rebuilt, SteadyTime now);
  PlannedPiece& insert(const TrackedPartition& partition, std::shared_ptr<const SealedBatch> batch);
  void replay_split(TrackedPartition& partition, const PlannedSpan& span,
                    const std::vector<std::shared_ptr<SealedBatch>>& batches);
  bool take_planned_token(TrackedPartition& partition, const PlannedSpan& span, SealedBatch& batch);
  template <typename Event>
  void changed(const TrackedPartition& partition, const PlannedSpan& span, uint64_t rows, const char* reason);
  void resume(BatchTask task, Commands& commands);
  static void resume_unplanned(Batch& batch, PlannedPiece& piece, BatchTask task, Commands& commands);
  bool has_plan(const Batch& batch, uint64_t version, Offset last) const;
  bool may_send(const Batch& batch, const PlannedPiece& piece) const;
  bool confirmed_lately(const CommitProgress& progress) const;
  bool release_batch(Batch& batch, bool begin, Commands& commands);
  void release_piece(Batch& batch, PlannedPiece& piece, Commands& commands);
  void send(Batch& batch, PlannedPiece& piece, Commands& commands);
  void plan_rejections(Batch& batch, TrackedPartition& partition);
  void stored(Batch& batch, PlannedPiece& piece, TrackedPartition& partition, bool waited);
  void refused(Batch& batch, PlannedPiece& piece, TrackedPartition& partition, const Refusal& refusal);
  static std::vector<size_t> cuts_of(const Batch& batch, Piece piece, const Refusal& refusal);
  void repair(Batch& batch, PlannedPiece& piece, TrackedPartition& partition);
  void set_token(const Batch& batch, PlannedPiece& piece) const;
  void insert_unplanned(PlannedPiece& piece, const TrackedPartition& partition);
  void split(Batch& batch, size_t index, TrackedPartition& partition, const Refusal& refusal);
  std::vector<PlannedPiece> pieces_of(const Batch& batch, const PlannedPiece& whole,
                                      const std::vector<size_t>& cuts) const;
  void end(Batches::iterator batch, SteadyTime now);

  PipelineState& state_;
  BatchOutcomes& outcomes_;
  Batches batches_;
  bool expired_ = false;
};

}  // namespace freshet::stream
