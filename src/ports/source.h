// Port to the broker: one Kafka consumer as the stream sees it.
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

// A partition that this member now owns. Its start offset is resolved and, if the reset policy chose it, committed
// before the first message is delivered.
struct AssignedPartition {
  Partition partition;
  Offset start;                 // if valid
  std::string no_valid_offset;  // why `start` is invalid (NoValidOffset::reason); empty = valid
  // The group has no offset for it: the partition is new to the group, or its topic was recreated. Earlier state is
  // void.
  bool unknown_to_group = false;
  std::string plan = {};  // OffsetToCommit::plan of the commit that `start` is from; empty = none
  // The metadata of that commit if another program or a newer freshet wrote it, and so nothing is known of a plan.
  std::string unknown_metadata = {};
};

// The stream replies with answer_assign(). Before that, no message and no other rebalance event is delivered.
struct PartitionsAssigned {
  std::vector<AssignedPartition> partitions;  // the new ones (incremental) or all (eager); may be empty
  int32_t generation = -1;                    // of the group, -1 = unknown
  // The consumer took over the previous consumer's membership, with the same generation and partitions. Nothing was
  // lost in between; the partitions have no other field than `partition`.
  bool continues = false;
  std::string cluster_id = {};  // of the Kafka cluster; empty = unknown
};

// Whether the source can read a partition at its position.
enum class OffsetState {
  Valid,
  Missing,     // the group has no offset, and the reset policy chooses none
  OutOfRange,  // the broker does not have the offset, or no longer
};

// The stream's answer for one assigned partition. If `state` is not Valid, the source delivers nothing before
// ValidOffset: a stream that continues in a new consumer passes on what the previous source reported.
struct StartAt {
  Partition partition;
  Offset next;  // the first message to deliver
  OffsetState state = OffsetState::Valid;
};

// The stream drains the partitions and then calls answer_revoke(). `lost`: ownership is already gone, and commits would
// fail. No assignment comes before the answer. A close may bring a second revoke; one answer serves both.
struct PartitionsRevoked {
  std::vector<Partition> partitions;
  bool lost = false;
};

// Result of Source::commit_async(): one per call, in order.
struct CommitResult {
  std::vector<std::pair<Partition, Offset>> committed;  // accepted by the broker
  std::optional<Error> error;                           // the first error, if any offset was rejected
  std::vector<Partition> void_now;                      // rejected partitions that this consumer can never commit again
  bool plan_too_large = false;  // a partition was rejected because the broker accepts only shorter plans
};

// The end of the partition: every message below `end` was delivered. Offsets of transaction markers are not messages.
struct EndOfPartition {
  Partition partition;
  Offset end;
};

// The source has no valid offset for the partition. It delivers nothing from it and looks one up periodically, until
// ValidOffset; it commits what the reset policy chooses. Meanwhile the stream commits nothing of the partition, so that
// the broker's offset does not go back.
struct NoValidOffset {
  Partition partition;
  OffsetState state = OffsetState::Missing;  // never Valid
  std::string reason;  // human-readable: why an operator may have to decide; empty = a look-up is in progress
};

// The partition continues at `start`, the committed offset of the group. If it is below what was delivered, the stream
// restarts the partition there.
struct ValidOffset {
  Partition partition;
  Offset start;
  std::string plan = {};  // AssignedPartition::plan
};

// After a PartitionsAssigned that continues, for a source with planned commits: what the group has committed for the
// partition. `start` and `plan` are set, or `unknown_to_group`.
struct CommittedPlan {
  AssignedPartition committed;
};

// The record batch at the partition's position cannot be unpacked. The source delivers nothing from the partition until
// a seek beyond `at`, which skips the rest of the batch.
struct UnreadableBatch {
  Partition partition;
  Offset at;
  std::string reason;  // human-readable
};

// An error that needs no answer. ErrorKind::Renew: the consumer is beyond repair.
struct SourceFault {
  Error error;
  bool renewal_may_help = false;  // the consumer works, but a new one has better chances (rejected login)
  bool fenced = false;            // another client has this one's membership and partitions
  bool of_connections = false;    // it lasts until SourceRecovered, also if messages come that were fetched before it
};

// The connections that a SourceFault reported as broken work again, and have a token if their logins need one.
struct SourceRecovered {};

// The last event after Source::begin_close().
struct ConsumerClosed {};

using SourceEvent =
    std::variant<MessageChunk, PartitionsAssigned, PartitionsRevoked, CommitResult, EndOfPartition, NoValidOffset,
                 ValidOffset, CommittedPlan, UnreadableBatch, SourceFault, SourceRecovered, ConsumerClosed>;

struct OffsetToCommit {
  Partition partition;
  Offset next;  // next message to read
  // Stored with the offset, and returned to its next owner: one line of at most 4,000 printable characters.
  std::string plan = {};
};

// What the next consumer has to know about this one to continue its membership.
struct Membership {
  bool settled = false;               // it has an assignment, and there is no rebalance
  int32_t generation = -1;            // of the group, -1 = unknown
  std::vector<Partition> partitions;  // sorted
  int32_t topic_partitions = 0;       // of the topic when they were assigned; 0 = unknown
  enum class Continuity {
    Unknown,  // the broker has not shown yet whether it knows our instance id
    Works,    // the next consumer can continue the membership
    Absent,   // dynamic member, or a broker without static membership: leave and rejoin
  };
  Continuity continuity = Continuity::Absent;
};

// How a consumer leaves its group.
enum class LeaveMode {
  ForGood,   // the process ends: leave at once, unless the instance id was configured by the operator
  ToRejoin,  // the next consumer joins as a new member: always leave
};

// How much poll() may return.
struct PollLimits {
  size_t chunk_messages = 0;  // messages of one chunk
  // Of messages: none is taken once so many are. 0: none at all. Of messages that are larger than the last thousands,
  // the first poll may return more: at most what the library has fetched ahead.
  uint64_t bytes = UINT64_MAX;
};

// Threads: the loop only, except for wake(). No call blocks longer than the timeout passed to it.
class Source {
 public:
  virtual ~Source() = default;

  // Waits at most `timeout` for the client library and appends events in order: at most a few thousand messages and
  // what `limits` say, in chunks of at most 1 MiB (or a single message). Returns early after wake(). CommitResult,
  // fatal errors and errors of connections come without delay, also if no message is taken; everything else comes in
  // its place among the messages, so take some often.
  virtual void poll(Duration timeout, const PollLimits& limits, std::vector<SourceEvent>& out) = 0;
  // Ends a waiting poll(). Threads: any.
  virtual void wake() noexcept = 0;

  // Ignores partitions that are not assigned.
  virtual void pause(const std::vector<Partition>& partitions) = 0;
  virtual void resume(const std::vector<Partition>& partitions) = 0;
  // Delivery continues at `next`; messages fetched before the call are discarded.
  virtual Status seek(Partition partition, Offset next) = 0;
  // Fetches the partition again from its position. No effect if the source delivers nothing from it now; does not
  // hasten a look-up.
  virtual void refetch(Partition partition) = 0;

  // Sends the offsets; poll() returns a CommitResult later. At most one call may be outstanding. On an error nothing
  // was sent; ErrorKind::Invalid: later calls would fail, too.
  virtual Status commit_async(const std::vector<OffsetToCommit>& offsets) = 0;
  // Where to start the partitions of the last PartitionsAssigned.
  virtual void answer_assign(const std::vector<StartAt>& starts) = 0;
  // The partitions of the last PartitionsRevoked are drained.
  virtual void answer_revoke() = 0;
  // Begins to leave the group and end the consumer; never blocks. poll() may return a PartitionsRevoked, which the
  // stream answers, and finally one ConsumerClosed. A fatal or fenced client never closes, so the caller needs a
  // deadline.
  virtual void begin_close(LeaveMode mode) = 0;

  // Valid until the next call.
  virtual const Membership& membership() const = 0;
  // The high watermark of the last fetch response, if known.
  virtual std::optional<Offset> end_offset(Partition partition) const = 0;
  // When the client library last emitted its statistics; nullopt = not yet, or it never does.
  virtual std::optional<SteadyTime> statistics_at() const { return std::nullopt; }
};

}  // namespace freshet
