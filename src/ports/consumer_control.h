// Port to the control that decides how long a Kafka consumer lives. The loop asks it once a turn.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "ports/source.h"

namespace freshet {

// What the loop knows about the consumer.
struct ConsumerState {
  const Membership* membership = nullptr;  // never null in poll()
  bool commit_outstanding = false;
  bool ending = false;    // a drain or a close has begun
  bool revoking = false;  // the revoked partitions are still owned: they are drained and committed first
  bool fenced = false;    // the client is beyond repair, because the successor took its place
  std::optional<SteadyTime> last_message;   // delivered by any consumer
  std::optional<SteadyTime> first_message;  // delivered by this consumer
  bool reached_end = false;                 // the end of some partition was seen: there was nothing to deliver
};

// What the loop has to do.
enum class ConsumerCommand {
  Continue,
  PauseCommits,  // send no commits, but wait for an outstanding one
  PauseWrites,   // also begin no insert: another client is taking over the membership
  HandOver,      // end the consumer now: the next one has its membership and continues the stream
  Leave,         // finish sealed batches, leave the group, end the consumer; the next one continues the stream
  Stop,          // drain everything, leave the group for good, and end
};

// What ended a consumer's client.
enum class ClientEnd {
  Unexpected,         // the broker or another process: others may already read what is not committed
  Replaced,           // the successor takes, or has taken, its place: the consumer continues until the hand-over
  FencedByOwnClient,  // another client of this process, abandoned since: nobody else has the partitions
};

// Threads: the loop only.
class ConsumerControl {
 public:
  virtual ~ConsumerControl() = default;
  virtual ConsumerCommand poll(SteadyTime now, const ConsumerState& state) = 0;
  // When to call poll() again even if nothing happens; `now` or earlier = at once.
  virtual SteadyTime next_deadline(SteadyTime now) const = 0;
  // The consumer's client is beyond repair. Returns what ended it.
  virtual ClientEnd client_ended(const Error& error) = 0;
  // The consumer works, but a new one may do better.
  virtual void renewal_may_help(const Error& error, SteadyTime now) = 0;
};

}  // namespace freshet
