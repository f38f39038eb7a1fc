// Port to the next Kafka consumer while it is built beside the running one.
#pragma once

#include <memory>

#include "base/result.h"
#include "ports/source.h"

namespace freshet {

// Threads: the loop only. A thread of its own does the work and wakes the loop when the state changes. The destructor
// abandons the attempt and never waits for the network.
class Successor {
 public:
  enum class State {
    Connecting,  // connects, logs in, finds the coordinator and partition leaders
    Ready,       // ready for join() or take()
    Joining,     // join() was called; see withdraw()
    Joined,      // it has the membership, and its assignment is known
    Failed,      // see failure()
    Postponed,   // not joined, because the group is rebalancing; nobody is fenced; see failure()
  };
  virtual ~Successor() = default;
  virtual State state() const = 0;
  virtual Error failure() const = 0;  // requires Failed or Postponed
  // The number of partitions of the topic as the new client sees it. Requires Ready or later.
  virtual int32_t topic_partitions() const = 0;
  // Joins with the instance id of the running consumer, whose membership is `old`. From then on the running consumer is
  // fenced and its commits are rejected. Unless `force`, does not join a group that is rebalancing. Requires Ready.
  virtual void join(const Membership& old, bool force) = 0;
  // True: no join request was sent, and none will be; the running consumer's membership is untouched. False: the
  // request was sent or answered; the running consumer is fenced now, or once the request arrives.
  virtual bool withdraw() = 0;
  // Returns the consumer; call once. Ready: it subscribes now, as a new member. Joining: its assignment comes as an
  // event. Joined: the first event is its assignment.
  virtual std::unique_ptr<Source> take() = 0;
};

}  // namespace freshet
