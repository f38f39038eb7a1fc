// Batches that are sealed and not finished: their last failure, whether they are blocked, and which are overdue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limiter.h"
#include "model/batch.h"
#include "ports/row_writer.h"
#include "stream/batch_task.h"

namespace freshet::stream {

// Threads: the loop only. An overdue batch is never dropped; log, metrics and readiness report it until it is stored.
class BatchesInFlight {
 public:
  // `deadline` counts from sealing; 0 = no batch is ever overdue.
  explicit BatchesInFlight(Duration deadline) : deadline_(deadline) {}

  void add(std::shared_ptr<const SealedBatch> batch);
  // Records a failed insert. `destination` is the name of the system, for log texts.
  void failed(uint64_t id, const InsertFailure& failure, const char* destination);
  // "partition:first-last, ...", for log texts; empty if the batch is finished.
  std::string offset_ranges(uint64_t id) const;
  // Returns batches with no part that is `alive`: the new owners read their rows again. Returns each batch once.
  std::vector<uint64_t> take_unowned(const std::function<bool(const BatchPart&)>& alive);
  void finish(uint64_t id) { batches_.erase(id); }

  // The batch waits for an operator and occupies no writer. `table` is for log texts.
  // `repeats_recognised`: the table does not store a repeated planned insert twice, so it is sent again.
  void block(BatchResult result, const std::string& table, bool repeats_recognised, SteadyTime now);
  // The oldest blocked batch with rows of the partition.
  std::optional<uint64_t> blocked_with(Partition partition) const;
  const std::vector<BlockedPiece>& blocked(uint64_t id) const { return batches_.at(id).blocked; }
  // Human-readable. The batch must be blocked.
  const std::string& last_failure_of(uint64_t id) const { return batches_.at(id).last_failure; }
  // Unblocks the batch and returns what remains to be written.
  BatchTask unblock(uint64_t id);
  // A batch with rows of the partition was blocked and is not finished yet.
  bool delays(Partition partition) const;
  // Blocked batches whose automatic retry is due.
  std::vector<uint64_t> due_again(SteadyTime now) const;
  std::optional<SteadyTime> next_again() const;

  // Batches with a writer or queued for one: those that are not blocked.
  size_t active() const;
  size_t active_for_operator() const;  // of them, those that a writer keeps until an operator decides
  size_t blocked_count() const { return batches_.size() - active(); }
  // Bytes of the budget that no writer frees before an operator has decided, or a blocked batch is tried again: of
  // blocked batches, and of those that a writer keeps for the operator.
  uint64_t held_for_operator() const;
  size_t size() const { return batches_.size(); }
  bool empty() const { return batches_.empty(); }
  uint64_t rows() const;  // of active batches
  // A writer holds a batch with rows of the partition until the operator skips the partition to treat its rows as bad
  // data.
  bool waits_for_operator_with(Partition partition) const;
  size_t overdue(SteadyTime now) const;
  // Human-readable: the oldest active batch if it is overdue, and the first batch that failed; empty = none.
  std::string not_ready_reason(SteadyTime now) const;
  // Logs once a minute while a batch is overdue.
  void log_overdue(SteadyTime now, const std::string& topic, Log& log);

 private:
  struct Sealed {
    std::shared_ptr<const SealedBatch> batch;
    std::string last_failure{};  // empty = none yet
    bool waits_for_operator = false;
    uint64_t held_for_operator = 0;
    bool unowned = false;
    bool delays = false;                  // was blocked at least once
    std::vector<BlockedPiece> blocked{};  // not empty = the batch is blocked
    std::vector<RejectedMessage> rejected{};
    std::optional<SteadyTime> again_at{};
  };
  const Sealed* oldest_active() const;
  bool is_overdue(const Sealed& sealed, SteadyTime now) const;

  const Duration deadline_;
  std::map<uint64_t, Sealed> batches_;  // by id, oldest first
  LogLimiter<> overdue_logged_;
};

}  // namespace freshet::stream
