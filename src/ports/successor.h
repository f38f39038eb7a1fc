// Port to the next Kafka consumer while it is built beside the running one.
#pragma once

#include <memory>

#include "base/result.h"
#include "ports/source.h"

namespace freshet {

// Threads: the loop only. The work is done on a thread of its own, which wakes the loop when the state changes. The
// destructor abandons the attempt and never waits for the network.
class Successor {
 public:
  enum class State {
    Warming,    // connects, logs in, finds the coordinator and the partitions' leaders
    Warm,       // waits for join() or take()
    Joining,    // join() was called; see withdraw()
    Joined,     // it has the membership; its assignment is known
    Failed,     // see failure()
    Postponed,  // the group is rebalancing: it has not joined, and nobody is fenced; see failure()
  };
  virtual ~Successor() = default;
  virtual State state() const = 0;
  virtual Error failure() const = 0;  // Failed and Postponed only
  // How many partitions the topic has, as the new client sees it; Warm and later.
  virtual int32_t topic_partitions() const = 0;
  // Joins with the instance id of the running consumer, whose membership is `old`; that one is fenced from then on: its
  // commits are refused. Unless `force`, it does not join a group that is rebalancing. Warm only.
  virtual void join(const Membership& old, bool force) = 0;
  // True: it has not asked to join, and never will; the running consumer's membership is untouched. False: the request
  // is on its way or was answered; the running consumer is fenced, now or whenever the request arrives.
  virtual bool withdraw() = 0;
  // The consumer. Warm: it subscribes now, as a new member. Joining: its assignment comes as an event. Joined: the
  // first event is its assignment. Once.
  virtual std::unique_ptr<Source> take() = 0;
};

}  // namespace freshet
