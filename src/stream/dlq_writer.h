// Dead-letter records on their way to their topic: which may be sent, which wait, which block their partition.
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
  std::shared_ptr<const DeadLetterRecord> record;  // its partition may be revoked in the same step
};

// Threads: the loop only. Bounded by the byte budget: each record is charged as long as anybody has it.
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

  // So that a topic that takes nothing for long costs no more than this many attempts.
  static constexpr size_t kMaxInFlight = 10'000;

  DlqWriter(const LiveOptions& options, SteadyTime now);

  void add(std::shared_ptr<const DeadLetterRecord> record, AssignmentId assignment);
  // Records that may go now, at most kMaxInFlight with the producer. At the rate limit nothing more goes until
  // lift_rate_limit() or another limit, and the partitions of the waiting records are blocked.
  void take_sendable(SteadyTime now, std::vector<OutgoingDeadLetter>& out, std::vector<Blocked>& blocked);
  // Error kind Invalid: the record blocks its partition until drop_rejected(). Another error: it is sent again.
  void result(uint64_t ticket, const Status& status, SteadyTime now, std::vector<Finished>& finished,
              std::vector<Blocked>& blocked);
  // The operator goes on from `next`: rejected records below it are given up.
  void drop_rejected(Partition partition, AssignmentId assignment, Offset next, std::vector<Finished>& finished);
  // The partition's assignment is over: its records are made anew when its messages are read again.
  void drop(Partition partition, AssignmentId assignment);
  // The partition is not owned now: its records that the producer does not have stay until resume() or drop().
  void suspend(Partition partition) { queue_.suspend(partition); }
  void resume(Partition partition);
  void lift_rate_limit(SteadyTime now);
  void set_limit(const LiveOptions& options, SteadyTime now);

  std::optional<SteadyTime> next_deadline() const { return queue_.next_deadline(); }
  // Why no record is acknowledged and commits are blocked; "" = they are, or their partitions are blocked.
  std::string not_ready_reason(SteadyTime now) const;
  // The producer has a record of the partition.
  bool in_flight(Partition partition) const { return queue_.in_flight(partition); }
  // Why the topic rejects a record of the partition, the one of the lowest offset; empty = it rejects none.
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
  std::set<Partition> told_blocked_;  // by the rate limit
  std::string last_error_;            // of the last record that has to be sent again
};

}  // namespace freshet::stream
