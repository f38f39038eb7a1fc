// The door to the broker: one Kafka session as the stream sees it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/message.h"

namespace freshet {

// A partition that this member now owns. Its start position is resolved, and was committed if the reset policy chose
// it, before the first message is delivered.
struct AssignedPartition {
  Partition partition;
  Offset start;      // meaningful when not held
  std::string held;  // why it cannot start (offset out of range under the strict policy, ...); empty = it can
};

struct PartitionsAssigned {
  std::vector<AssignedPartition> partitions;  // only the new ones (incremental) or all (eager); may be empty
};

// The stream drains these and then calls Source::answer_revoke(). `lost`: ownership is gone already, commits would
// fail. Until the answer no other rebalance event comes.
struct PartitionsRevoked {
  std::vector<Partition> partitions;
  bool lost = false;
};

// Result of Source::commit_async, one per call and in order.
struct CommitResult {
  std::vector<std::pair<Partition, Offset>> committed;  // those that the broker accepted
  std::optional<Error> error;                           // first error, if any offset was refused
};

// The partition's end as seen now: every message below `end` was delivered (or is no message, as markers are not).
struct EndOfPartition {
  Partition partition;
  Offset end;
};

// This partition cannot go on (offset out of range under the strict policy): hold it, the others go on.
struct PartitionStuck {
  Partition partition;
  std::string reason;
};

// A partition goes on at `start`: a retried look-up succeeded, or its position was out of range and the reset policy
// chose this one (which may lie below what was delivered: then its stream begins anew).
struct PartitionUnstuck {
  Partition partition;
  Offset start;
};

// Something went wrong that needs no answer of the stream. kind Renew: the session is beyond repair.
struct SourceFault {
  Error error;
};

// The last event after Source::begin_close().
struct SessionClosed {};

using SourceEvent = std::variant<MessageChunk, PartitionsAssigned, PartitionsRevoked, CommitResult, EndOfPartition,
                                 PartitionStuck, PartitionUnstuck, SourceFault, SessionClosed>;

struct OffsetToCommit {
  Partition partition;
  Offset next;           // next message to read
  std::string metadata;  // opaque, kept by the broker beside the offset; below 4 KiB
};

// Threads: the loop only, but wake(). Nothing here blocks longer than the timeout it is given.
class Source {
 public:
  virtual ~Source() = default;

  // Waits for the client library for at most `timeout` and appends what happened, in order; some thousands of messages
  // at most, in chunks of at most `max_chunk_messages` (and 1 MiB or one message). Returns early after wake().
  virtual void poll(Duration timeout, size_t max_chunk_messages, std::vector<SourceEvent>& out) = 0;
  // Ends a poll() that waits. Threads: any.
  virtual void wake() noexcept = 0;

  // Partitions may belong to none of the current assignment (they are then ignored).
  virtual void pause(const std::vector<Partition>& partitions) = 0;
  virtual void resume(const std::vector<Partition>& partitions) = 0;
  // Delivery of the partition goes on at `next`; nothing that was fetched before is delivered any more.
  virtual Status seek(Partition partition, Offset next) = 0;

  // Sends the offsets; a CommitResult follows through poll(). At most one call is outstanding.
  virtual Status commit_async(const std::vector<OffsetToCommit>& offsets) = 0;
  // The drain of the last PartitionsRevoked is done.
  virtual void answer_revoke() = 0;
  // Begins to leave the group and to end the session; never blocks. A PartitionsRevoked may follow through poll() (the
  // stream answers it), then one SessionClosed. A fatal or fenced client never closes: the caller has a deadline.
  virtual void begin_close() = 0;

  // High watermark as last seen in a fetch response, if known.
  virtual std::optional<Offset> end_offset(Partition partition) const = 0;
};

}  // namespace freshet
