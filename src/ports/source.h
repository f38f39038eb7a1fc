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

// A partition that this member now owns. Its start position is resolved, and was committed if the reset policy chose
// it, before the first message is delivered.
struct AssignedPartition {
  Partition partition;
  Offset start;                 // where it is valid
  std::string no_valid_offset;  // why `start` is not (NoValidOffset::reason); empty = it is
  // The group has no offset of it: it is new to the group, or its topic was made anew. What is known of it is void.
  bool unknown_to_group = false;
};

// The stream answers with Source::answer_assign(); until then nothing is delivered and no other rebalance event comes.
struct PartitionsAssigned {
  std::vector<AssignedPartition> partitions;  // only the new ones (incremental) or all (eager); may be empty
  int32_t generation = -1;                    // of the group, -1 = unknown
  // The consumer took over the membership of the last one with the same generation and the same partitions: nothing was
  // lost in between, `start` and `no_valid_offset` mean nothing.
  bool continues = false;
  std::string cluster_id = {};  // of the Kafka cluster; empty = unknown
};

// Whether the source can read a partition at its position.
enum class OffsetState {
  Valid,
  Missing,     // the group has none, and the reset policy chooses none
  OutOfRange,  // the broker does not have it (any more)
};

// The stream's answer for one assigned partition. Where `next` is not valid the source delivers nothing before
// ValidOffset: a stream that goes on in a next consumer tells that consumer's source what this one's said.
struct StartAt {
  Partition partition;
  Offset next;  // the first message to deliver
  OffsetState state = OffsetState::Valid;
};

// The stream drains these and then calls Source::answer_revoke(). `lost`: ownership is gone already, commits would
// fail. Until the answer no assignment comes; a close may bring a second revoke, and one answer is for both.
struct PartitionsRevoked {
  std::vector<Partition> partitions;
  bool lost = false;
};

// Result of Source::commit_async, one per call and in order.
struct CommitResult {
  std::vector<std::pair<Partition, Offset>> committed;  // those that the broker accepted
  std::optional<Error> error;                           // first error, if any offset was refused
  std::vector<Partition> void_now;  // of the refused: those that this consumer cannot commit any more, ever
};

// The partition's end as seen now: every message below `end` was delivered (or is no message, as markers are not).
struct EndOfPartition {
  Partition partition;
  Offset end;
};

// The source has no valid offset of the partition. It delivers nothing of it, and looks one up now and then, until
// ValidOffset; what the reset policy chooses it commits. Until then the stream commits nothing of the partition: the
// broker's offset must not go back.
struct NoValidOffset {
  Partition partition;
  OffsetState state = OffsetState::Missing;  // not Valid
  std::string reason;  // why an operator may have to decide, for a person; empty = it is being looked up
};

// The partition goes on at `start`, which is what the group has committed (it may lie below what was delivered: then
// the stream begins anew).
struct ValidOffset {
  Partition partition;
  Offset start;
};

// The record batch at the partition's position cannot be unpacked; the source delivers nothing of the partition before
// a seek beyond `at`, which gives the rest of the batch up.
struct UnreadableBatch {
  Partition partition;
  Offset at;
  std::string reason;  // for a person
};

// Something went wrong that needs no answer of the stream. kind Renew: the consumer is beyond repair.
struct SourceFault {
  Error error;
  bool renewal_may_help = false;  // the consumer lives, and a new one has a better chance (a refused login)
  bool fenced = false;            // another client has this one's place and partitions
};

// The connections that a SourceFault told of as broken stand again.
struct SourceRecovered {};

// The last event after Source::begin_close().
struct ConsumerClosed {};

using SourceEvent =
    std::variant<MessageChunk, PartitionsAssigned, PartitionsRevoked, CommitResult, EndOfPartition, NoValidOffset,
                 ValidOffset, UnreadableBatch, SourceFault, SourceRecovered, ConsumerClosed>;

struct OffsetToCommit {
  Partition partition;
  Offset next;  // next message to read
};

// What the next consumer has to know of this one to continue its membership.
struct Membership {
  bool settled = false;               // it has an assignment, and no rebalance is under way
  int32_t generation = -1;            // of the group, -1 = unknown
  std::vector<Partition> partitions;  // sorted
  int32_t topic_partitions = 0;       // how many the topic had when they were assigned; 0 = unknown
  enum class Continuity {
    Unknown,  // not asked yet whether the broker knows our instance id
    Works,    // a next consumer continues the membership
    Absent,   // dynamic member, or a broker without static membership: leave and rejoin
  };
  Continuity continuity = Continuity::Absent;
};

// How a consumer leaves its group.
enum class LeaveMode {
  ForGood,   // the process ends: others take over at once, unless the operator's own instance id asks for the contrary
  ToRejoin,  // the next consumer joins anew: leave in any case
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
  // What comes next of the partition is fetched anew. Nothing happens if the source delivers nothing of it now, and
  // nothing that waits for a look-up is looked up earlier.
  virtual void refetch(Partition partition) = 0;

  // Sends the offsets; a CommitResult follows through poll(). At most one call is outstanding. An error: nothing was
  // sent; of kind Invalid, a later call would not be taken either.
  virtual Status commit_async(const std::vector<OffsetToCommit>& offsets) = 0;
  // Where the partitions of the last PartitionsAssigned go on.
  virtual void answer_assign(const std::vector<StartAt>& starts) = 0;
  // The drain of the last PartitionsRevoked is done.
  virtual void answer_revoke() = 0;
  // Begins to leave the group and to end the consumer; never blocks. A PartitionsRevoked may follow through poll() (the
  // stream answers it), then one ConsumerClosed. A fatal or fenced client never closes: the caller has a deadline.
  virtual void begin_close(LeaveMode mode) = 0;

  // Valid until the next call.
  virtual const Membership& membership() const = 0;
  // High watermark as last seen in a fetch response, if known.
  virtual std::optional<Offset> end_offset(Partition partition) const = 0;
  // When the client library last gave a sign of life of its own; none: not yet, or it never does.
  virtual std::optional<SteadyTime> statistics_at() const { return std::nullopt; }
};

}  // namespace freshet
