// How a member leaves its group so that no ghost of it stays: a member that the broker keeps although its process has
// gone holds its partitions, or the next rebalance, until its session times out.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// Before the client is made of `conf`; the client then keeps `requests` alive (ClientFreed::requests).
void count_group_requests(rd_kafka_conf_t* conf, GroupRequests& requests);

// The library sends no request to leave when a static member closes; it does when one unsubscribes and has a member id.
// Before the first answer to its JoinGroup a member has none, and the answer is dropped once it has unsubscribed: then
// the broker has a member that nobody can take back. So that answer is waited for.
// Threads: the loop only.
class Departure {
 public:
  enum class Kind {
    Stays,    // the operator's own instance id: the restarted process gets its partitions back
    Dynamic,  // the library leaves when it closes
    Static,   // we leave, then close
  };
  struct Facts {
    uint64_t joins_sent = 0;
    uint64_t joins_answered = 0;
    bool has_member_id = false;  // as the client sees it
    bool was_member = false;     // it had an assignment: the broker may keep a member whose id the client has forgotten
  };
  // What the caller has to do now.
  enum class Step { Wait, Unsubscribe, Subscribe, Close };

  explicit Departure(Kind kind) : kind_(kind) {}

  // Asked until it says Close; the caller has a deadline.
  Step next(const Facts& facts, SteadyTime now);

 private:
  enum class State {
    Begun,
    AwaitingJoin,  // the broker has a member whose id is on its way to us, or is forgotten: it is joined, to be left
    NotJoined,     // unsubscribed without having joined; a request to join may still lie in the library
    LeaveAsked,    // unsubscribed; the member id is gone once the request to leave has gone out
  };
  Step begin(const Facts& facts, bool quiet, SteadyTime now);
  Step unsubscribe(State next, const Facts& facts, SteadyTime now);

  const Kind kind_;
  State state_ = State::Begun;
  std::optional<SteadyTime> quiet_since_;  // no request to join is under way
  uint64_t joins_before_ = 0;              // when it unsubscribed
};

}  // namespace freshet::kafka
