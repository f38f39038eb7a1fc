// Writes one batch on a writer thread. If the table rejects single messages, finds them and writes the rest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/batch.h"
#include "ports/row_writer.h"
#include "stream/batch_pieces.h"
#include "stream/insert_limit.h"

namespace freshet::stream {

struct RejectedMessage {
  uint32_t chunk = 0;    // index in SealedBatch::chunks
  uint32_t message = 0;  // index in ProcessedChunk::messages
  int code = 0;
  std::string text;
};

// Why a piece of a batch needs an operator.
enum class Blocked {
  MaybeStored,  // the table may already hold its rows; a retry may store them twice
  TooLarge,     // a single message exceeds every insert limit, or too many did; retried every 30 s
};

struct BlockedPiece {
  Blocked why = Blocked::MaybeStored;
  Piece piece;
  uint64_t rows = 0;
  int code = 0;
  std::string text;      // WriteOutcome::text
  std::string reason{};  // WriteOutcome::reason
};

// `piece` must consist of one message.
RejectedMessage rejected_message(const SealedBatch& batch, const BlockedPiece& piece);

// A batch, or the remainder of one that was blocked. `open` lists the pieces to write, cut as they were sent before, so
// that their tokens match; empty = the whole batch.
struct BatchTask {
  BatchTask() = default;
  BatchTask(std::shared_ptr<const SealedBatch> whole) : batch(std::move(whole)) {}
  std::shared_ptr<const SealedBatch> batch;
  std::vector<Piece> open;
  std::vector<RejectedMessage> rejected;  // so far, by earlier tasks
  // Not empty: a planned insert (stream/planned_inserts.h). `open` has its one piece, which is sent with this token.
  std::string planned_token{};
  Duration not_after = Duration::max();  // WriteControl::not_after
  // The planned insert may have been sent before, so it is never split for its size.
  bool maybe_stored = false;
  // A part of the planned batch is stored, so a rejected message is bad data and no change of the table.
  bool others_stored = false;
};

// Why a planned insert of several messages was not stored, or the table's rejection of a single one. Nothing of it is
// stored.
struct Refusal {
  bool too_large = false;  // several messages; otherwise the table rejects one of them
  int code = 0;
  std::string text;
  std::optional<uint64_t> row;  // WriteOutcome::row
};

struct BatchResult {
  std::shared_ptr<const SealedBatch> batch;
  bool written = false;  // false: blocked, or abandoned with an unknown outcome
  std::vector<RejectedMessage> rejected;
  uint32_t inserts = 1;
  Duration took{};                      // including retries
  std::vector<BlockedPiece> blocked{};  // if not empty, the rest of the batch is stored or rejected
  // Of a planned insert:
  std::optional<Refusal> refused{};
  bool waited_for_operator = false;  // messages that were rejected before may be accepted now
  bool expired = false;              // it was not sent any more: its plan is too old
  bool stored_before = false;        // by the partition's last owner: the rows were counted there
};

// State that the writers of a stream share. Threads: any.
class RejectionMemory {
 public:
  void accepted();
  // Returns how many messages in a row were rejected with `code`, with none accepted in between.
  uint32_t rejected(int code);
  // The operator treats the rejected rows as bad data: batches with rows of `partition` resume.
  void skip(Partition partition);
  // Total number of skips of the batch's partitions.
  uint64_t skips(const SealedBatch& batch);
  // Waits until `deadline`, a stop request, or more than `seen` skips of the batch's partitions. True if skipped.
  bool wait_for_skip(const SealedBatch& batch, Clock& clock, std::stop_token stop, SteadyTime deadline, uint64_t seen);

 private:
  uint64_t count(const SealedBatch& batch) const REQUIRES(mutex_);

  Mutex mutex_;
  CondVar skipped_;
  int code_ GUARDED_BY(mutex_) = 0;
  uint32_t in_a_row_ GUARDED_BY(mutex_) = 0;
  std::map<Partition, uint64_t> skips_ GUARDED_BY(mutex_);
};

// Threads: one writer's; a new instance per batch.
class BatchWriting {
 public:
  BatchWriting(RowWriter& writer, RejectionMemory& memory, InsertLimit& limit, Clock& clock);

  // Returns once every message of the batch is stored, rejected or blocked, or `control.stop` was requested. If all
  // messages are rejected alike, or no field is a column of the table, that is a schema change and not bad data:
  // write() waits and retries until the table or the operator changes that. An insert that is too large is halved as
  // long as it is certain that nothing of it was stored.
  BatchResult write(BatchTask task, const WriteControl& control);
  // The same for a planned insert: returns after one that is stored, refused or blocked, and never sends a part of it.
  BatchResult write_planned(BatchTask task, const WriteControl& control);

 private:
  struct Item {
    uint32_t chunk;
    uint32_t message;
    uint64_t rows_before;  // rows of the batch before this message
  };
  struct PieceInsert {
    Piece piece;
    bool searching = false;                  // part of a search for bad messages
    std::optional<WriteOutcome> known = {};  // outcome of an insert that was already made
  };
  enum class StepResult { Done, Abandoned, OutOfInserts };

  void begin(BatchTask task);
  void list_items();
  std::vector<PieceInsert> open_inserts() const;
  StepResult write_open(const WriteControl& control);
  StepResult take_step(PieceInsert current, std::vector<PieceInsert>& pending, const WriteControl& control);
  StepResult take_rejection(const PieceInsert& current, const WriteOutcome& outcome, std::vector<PieceInsert>& pending,
                            const WriteControl& control);
  void take_too_large(const PieceInsert& current, const WriteOutcome& outcome, std::vector<PieceInsert>& pending);
  void search(Piece piece, const WriteOutcome& outcome, std::vector<PieceInsert>& pending);
  static void halve(const PieceInsert& current, std::vector<PieceInsert>& pending);
  bool exceeds_limit(Piece piece);
  uint64_t bytes_of(Piece piece) const;
  const MessageRows& message_of(size_t item) const;
  InsertRequest whole_request() const;
  InsertRequest request_of(Piece piece) const;
  WriteOutcome insert(Piece piece, const WriteControl& control);
  WriteOutcome insert_planned(Piece piece, const std::string& token, const WriteControl& control);
  bool take_planned(Piece piece, const WriteOutcome& outcome, const WriteControl& control);
  void take_planned_too_large(Piece piece, const WriteOutcome& outcome);
  WriteOutcome send(InsertRequest request, const WriteControl& control);
  bool settle(Piece piece, const WriteOutcome& outcome);
  void mark(Piece piece, bool finished);
  void block(Blocked why, Piece piece, const WriteOutcome& outcome);
  void reject(size_t item, const WriteOutcome& outcome);
  bool looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned);
  // Reports the failure and waits up to `retry`. True if the operator skipped a partition of the batch.
  bool wait_for_operator(const WriteOutcome& outcome, const WriteControl& control, const char* what, Duration retry);

  RowWriter& writer_;
  RejectionMemory& memory_;
  InsertLimit& limit_;
  Clock& clock_;
  std::shared_ptr<const SealedBatch> batch_;
  std::vector<Piece> begun_with_;  // BatchTask::open
  std::vector<Item> items_;
  std::vector<bool> finished_;  // by item: stored, rejected or blocked
  bool schema_checked_ = false;
  bool without_fields_ = false;
  bool maybe_stored_ = false;   // BatchTask::maybe_stored
  bool others_stored_ = false;  // BatchTask::others_stored
  uint32_t search_inserts_ = 0;
  uint32_t too_large_in_a_row_ = 0;  // single messages, with none accepted in between
  uint32_t in_one_go_ = 0;           // inserts since begin() or the last wait for the operator
  WriteOutcome rejection_;           // the last outcome of each kind
  WriteOutcome too_large_;
  BatchResult result_;
};

}  // namespace freshet::stream
