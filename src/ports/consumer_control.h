// Port to the control that decides how long a consumer lasts: the loop asks once a turn.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "ports/source.h"

namespace freshet {

// What the loop knows of the consumer.
struct ConsumerState {
  const Membership* membership = nullptr;  // never null in poll()
  bool commit_outstanding = false;
  bool ending = false;                      // a drain or a close has begun
  bool revoking = false;                    // partitions that are still ours are drained, and committed, before they go
  bool fenced = false;                      // the client is beyond repair, and the successor has its place
  std::optional<SteadyTime> last_message;   // delivered by any consumer
  std::optional<SteadyTime> first_message;  // delivered by this consumer
  bool reached_end = false;                 // an end of a partition was seen: there was nothing to deliver
};

// What the loop has to do.
enum class ConsumerCommand {
  Continue,
  PauseCommits,  // send none; an outstanding one is waited for
  PauseWrites,   // the same, and begin no insert: another client is taking the membership over
  HandOver,      // end the consumer here and now: the next one has its membership, the stream goes on in it
  Leave,         // finish what is sealed, leave the group and end the consumer; the stream goes on in the next one
  Stop,          // drain everything, leave for good and end
};

// Who put an end to a consumer's client.
enum class ClientEnd {
  Unexpected,  // the broker, or another process: what is not committed may be read by others by now
  Replaced,    // the successor that has taken, or is taking, its place: the consumer goes on until it is handed over
  OwnDoing,    // a client of this process that was given up since: nobody else has the partitions
};

// Threads: the loop only.
class ConsumerControl {
 public:
  virtual ~ConsumerControl() = default;
  virtual ConsumerCommand poll(SteadyTime now, const ConsumerState& state) = 0;
  // When poll() wants to be asked again though nothing happened; `now` or earlier: at once.
  virtual SteadyTime next_deadline(SteadyTime now) const = 0;
  // The consumer's client is beyond repair.
  virtual ClientEnd client_ended(const Error& error) = 0;
  // The consumer lives, and a new one may do better.
  virtual void renewal_may_help(const Error& error, SteadyTime now) = 0;
};

}  // namespace freshet
