// Dead-letter records on their way to the topic: which to send, which to retry, which block their partition.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/delivery_queue.h"
#include "delivery/token_bucket.h"
#include "model/dead_letter_record.h"
#include "model/options.h"
#include "stream/blocks.h"

namespace freshet::stream {

struct OutgoingDeadLetter {
  uint64_t ticket = 0;
  std::shared_ptr<const DeadLetterRecord> record;  // shared: its partition may be revoked in the same turn
};

// Threads: the loop only. Memory is bounded by the byte budget, which each record is charged to while it exists.
class DlqWriter {
 public:
  // The topic has the record, or an operator skipped it.
  struct Finished {
    Partition partition;
    AssignmentId assignment;
    Offset offset;
  };
  // The partition waits for an operator.
  struct Blocked {
    Partition partition;
    AssignmentId assignment;
    BlockReason reason;
    std::string text;
  };

  // Limits the number of retries per second to a topic that accepts nothing.
  static constexpr size_t kMaxInFlight = 10'000;

  DlqWriter(const LiveOptions& options, SteadyTime now);

  void add(std::shared_ptr<const DeadLetterRecord> record, AssignmentId assignment);
  // Appends the records to send now, with at most kMaxInFlight in flight. Once the rate limit is reached, sends nothing
  // until lift_rate_limit() or a new limit, and blocks the partitions of the queued records.
  void take_sendable(SteadyTime now, std::vector<OutgoingDeadLetter>& out, std::vector<Blocked>& blocked);
  // On ErrorKind::Invalid the record blocks its partition until drop_rejected(). On any other error it is retried.
  void result(uint64_t ticket, const Status& status, SteadyTime now, std::vector<Finished>& finished,
              std::vector<Blocked>& blocked);
  // The operator resumes at `next`: drops rejected records below it.
  void drop_rejected(Partition partition, AssignmentId assignment, Offset next, std::vector<Finished>& finished);
  // The assignment ended: its records are created again when its messages are read again.
  void drop(Partition partition, AssignmentId assignment);
  // The partition is not owned now: records that are not in flight stay queued until resume() or drop().
  void suspend(Partition partition) { queue_.suspend(partition); }
  void resume(Partition partition);
  void lift_rate_limit(SteadyTime now);
  void set_limit(const LiveOptions& options, SteadyTime now);

  std::optional<SteadyTime> next_deadline() const { return queue_.next_deadline(); }
  // Human-readable: why no record is acknowledged and commits are blocked. Empty if records are acknowledged, or if
  // their partitions are blocked and report it themselves.
  std::string not_ready_reason(SteadyTime now) const;
  // The producer holds a record of the partition.
  bool in_flight(Partition partition) const { return queue_.in_flight(partition); }
  // Why the topic rejects a record of the partition, that of the lowest offset; nullopt = it rejects none.
  std::optional<std::string> first_rejection(Partition partition) const;
  std::optional<Offset> first_rejected(Partition partition) const;
  std::string reason_code(uint64_t ticket) const;
  bool empty() const { return queue_.empty(); }
  bool rate_limited() const { return rate_limited_; }

 private:
  void block_waiting(std::vector<Blocked>& blocked);

  delivery::DeliveryQueue<std::shared_ptr<const DeadLetterRecord>> queue_{delivery::Retry::Each, kMaxInFlight};
  delivery::TokenBucket limit_;
  bool rate_limited_ = false;
  std::set<Partition> told_blocked_;  // partitions reported as blocked by the rate limit
  std::string last_error_;            // of the last record that has to be retried
};

}  // namespace freshet::stream
