// Writes one batch on a writer thread. If the table rejects single messages, finds them and writes the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/batch.h"
#include "ports/row_writer.h"
#include "stream/batch_pieces.h"
#include "stream/batch_requests.h"
#include "stream/batch_task.h"
#include "stream/insert_limit.h"
#include "stream/rejection_memory.h"

namespace freshet::stream {

// Threads: one writer's; a new instance per batch.
class BatchWriting {
 public:
  BatchWriting(RowWriter& writer, RejectionMemory& memory, InsertLimit& limit, Clock& clock);

  // Returns once every message of the batch is stored, rejected or blocked, or `control.stop` was requested. If all
  // messages are rejected alike, or no field is a column of the table, that is a schema change and not bad data:
  // write() waits and retries until the table or the operator changes that. An insert that is too large is halved as
  // long as it is certain that nothing of it was stored.
  BatchResult write(BatchTask task, const WriteControl& control);

 private:
  struct PieceInsert {
    Piece piece;
    bool searching = false;                  // part of a search for bad messages
    std::optional<WriteOutcome> known = {};  // outcome of an insert that was already made
  };
  enum class StepResult { Done, Abandoned, OutOfInserts };

  void begin(BatchTask task);
  void list_messages();
  std::vector<PieceInsert> open_inserts() const;
  StepResult write_open(const WriteControl& control);
  StepResult take_step(PieceInsert current, std::vector<PieceInsert>& pending, const WriteControl& control);
  StepResult take_rejection(const PieceInsert& current, const WriteOutcome& outcome, std::vector<PieceInsert>& pending,
                            const WriteControl& control);
  void take_too_large(const PieceInsert& current, const WriteOutcome& outcome, std::vector<PieceInsert>& pending);
  void search(Piece piece, const WriteOutcome& outcome, std::vector<PieceInsert>& pending);
  static void halve(const PieceInsert& current, std::vector<PieceInsert>& pending);
  bool exceeds_limit(Piece piece);
  WriteOutcome insert(Piece piece, const WriteControl& control);
  WriteOutcome insert_whole(const WriteControl& control);
  WriteOutcome send(InsertRequest request, std::string_view token, const WriteControl& control);
  bool settle(Piece piece, const WriteOutcome& outcome);
  void mark(Piece piece, bool finished);
  void block(Blocked why, Piece piece, const WriteOutcome& outcome);
  void reject(size_t message, const WriteOutcome& outcome);
  bool looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned);
  bool wait_for_operator(const WriteOutcome& outcome, const OperatorWait& wait, const WriteControl& control);

  RowWriter& writer_;
  RejectionMemory& memory_;
  InsertLimit& limit_;
  Clock& clock_;
  std::shared_ptr<const SealedBatch> batch_;
  std::vector<Piece> begun_with_;          // BatchTask::open
  std::optional<BatchRequests> requests_;  // none as long as the whole batch is one insert
  std::vector<bool> finished_;             // by message: stored, rejected or blocked
  bool schema_checked_ = false;
  bool without_fields_ = false;
  uint32_t search_inserts_ = 0;
  uint32_t too_large_in_a_row_ = 0;  // single messages, with none accepted in between
  uint32_t in_one_go_ = 0;           // inserts since begin() or the last wait for the operator
  WriteOutcome rejection_;           // the last outcome of each kind
  WriteOutcome too_large_;
  BatchResult result_;
};

}  // namespace freshet::stream
