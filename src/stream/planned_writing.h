// Writes one planned insert on a writer thread (stream/planned_inserts.h).
#pragma once

#include <memory>
#include <string>
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

// Threads: one writer's; a new instance per insert.
class PlannedWriting {
 public:
  // `task` is planned. The references must outlive the object.
  PlannedWriting(RowWriter& writer, RejectionMemory& memory, InsertLimit& limit, Clock& clock, BatchTask task);

  // Returns once the insert is stored, incomplete, refused, blocked or expired, or `control.stop` was requested. Never
  // sends a part of it, except what is missing (BatchTask::repair): the loop plans the parts first.
  BatchResult write(const WriteControl& control);

 private:
  bool find_missing(const WriteControl& control);
  InsertRequest request() const;
  WriteOutcome insert(const WriteControl& control);
  bool take(const WriteOutcome& outcome, const WriteControl& control);
  bool take_rejection(const WriteOutcome& outcome, const WriteControl& control);
  void take_too_large(const WriteOutcome& outcome);
  void block(Blocked why, const WriteOutcome& outcome);
  bool exceeds_limit();
  bool is_single() const { return piece_.end - piece_.begin == 1; }
  bool wait_for_operator(const WriteOutcome& outcome, const OperatorWait& wait, const WriteControl& control);

  RowWriter& writer_;
  RejectionMemory& memory_;
  InsertLimit& limit_;
  Clock& clock_;
  const std::shared_ptr<const SealedBatch> batch_;
  const BatchRequests requests_;
  const Piece piece_;
  const std::string token_;
  const bool maybe_stored_;      // BatchTask::maybe_stored
  const bool other_format_;      // BatchTask::other_format
  const bool other_rows_;        // BatchTask::other_rows
  const bool others_stored_;     // BatchTask::others_stored
  const bool repair_;            // BatchTask::repair
  std::vector<Offset> missing_;  // with `repair_`: what to insert
  bool without_fields_ = false;
  bool asked_ = false;  // the destination; false: the insert exceeds what it accepted before
  BatchResult result_;
};

}  // namespace freshet::stream
