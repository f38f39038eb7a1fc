// Batches that are sealed and not finished: what each waits for, and which of them take too long.
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
#include "stream/batch_writing.h"

namespace freshet::stream {

// Threads: the loop only. An overdue batch is never dropped: log, metrics and readiness name it until it is stored.
class BatchesInFlight {
 public:
  // `deadline`: from a batch's sealing to its end; 0 = none is ever overdue.
  explicit BatchesInFlight(Duration deadline) : deadline_(deadline) {}

  void add(std::shared_ptr<const SealedBatch> batch);
  // `destination`, for people: what does not take it.
  void failed(uint64_t id, const InsertFailure& failure, const char* destination);
  // "partition:first-last, ...", for people; empty: it is finished.
  std::string spans(uint64_t id) const;
  // Batches none of whose partitions is `alive` in its assignment: their rows are read again by whoever has them now.
  // Each is named once.
  std::vector<uint64_t> take_orphans(const std::function<bool(const BatchPart&)>& alive);
  void finish(uint64_t id) { batches_.erase(id); }

  // The batch waits for an operator, with no writer. `table`, for people.
  void block(BatchResult result, const std::string& table, SteadyTime now);
  // The oldest that is blocked with rows of this partition.
  std::optional<uint64_t> blocked_with(Partition partition) const;
  const std::vector<BlockedPiece>& blocked(uint64_t id) const { return batches_.at(id).blocked; }
  // For people; of a blocked batch.
  const std::string& last_failure_of(uint64_t id) const { return batches_.at(id).last_failure; }
  // It is blocked no more: what is left of it.
  BatchTask unblock(uint64_t id);
  // Was blocked and is not finished yet.
  bool delays(Partition partition) const;
  // Blocked ones that are tried again by themselves.
  std::vector<uint64_t> due_again(SteadyTime now) const;
  std::optional<SteadyTime> next_again() const;

  // With a writer, or waiting for one.
  size_t active() const;
  size_t blocked_count() const { return batches_.size() - active(); }
  size_t size() const { return batches_.size(); }
  bool empty() const { return batches_.empty(); }
  uint64_t rows() const;  // of active ones
  // One with rows of this partition waits for an operator, who says by skipping it that its rows are bad data.
  bool waits_for_operator_with(Partition partition) const;
  size_t overdue(SteadyTime now) const;
  // What is waited for, for a person: the oldest batch if it is overdue, else the first that failed; empty = nothing.
  std::string not_ready_reason(SteadyTime now) const;
  // One line a minute as long as a batch is overdue.
  void log_overdue(SteadyTime now, const std::string& topic, Log& log);

 private:
  struct Sealed {
    std::shared_ptr<const SealedBatch> batch;
    std::string last_failure{};  // the last failure; empty = none yet
    bool waits_for_operator = false;
    bool orphan = false;
    bool delays = false;                  // it was blocked at least once
    std::vector<BlockedPiece> blocked{};  // not empty: it is
    std::vector<RefusedMessage> refused{};
    std::optional<SteadyTime> again_at{};
  };
  const Sealed* oldest_active() const;
  bool is_overdue(const Sealed& sealed, SteadyTime now) const;

  const Duration deadline_;
  std::map<uint64_t, Sealed> batches_;  // by id, the oldest first
  LogLimiter<> overdue_logged_;
};

}  // namespace freshet::stream
