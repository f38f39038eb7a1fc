// Leaves the group so that the broker keeps no member without a process. Such a member would hold its partitions, or
// the next rebalance, until its session times out.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// Call before the client is created from `conf`; the client keeps `requests` alive (ClientFreed::requests).
void count_group_requests(rd_kafka_conf_t* conf, GroupRequests& requests);

// The library sends no LeaveGroup when a static member closes; it does when the client unsubscribes and has a member
// id. Before the first answer to its JoinGroup it has none, and after an unsubscribe the library drops that answer: the
// broker then has a member that nobody can remove. Therefore this waits for the answer. Threads: the loop only.
class Departure {
 public:
  enum class Kind {
    Stays,    // a configured instance id: the restarted process gets its partitions back
    Dynamic,  // the library leaves on close
    Static,   // freshet leaves, then closes
  };
  struct MemberState {
    uint64_t joins_sent = 0;
    uint64_t joins_answered = 0;
    bool has_member_id = false;  // according to the client
    bool was_member = false;     // it had an assignment: the broker may keep a member whose id the client has dropped
  };
  // What the caller must do now.
  enum class Step { Wait, Unsubscribe, Subscribe, Close };

  explicit Departure(Kind kind) : kind_(kind) {}

  // Call until it returns Close; the caller has a deadline.
  Step next(const MemberState& member, SteadyTime now);

 private:
  enum class State {
    Begun,
    AwaitingJoin,  // the broker has a member whose id is in transit or dropped: join it in order to leave
    NotJoined,     // unsubscribed before joining; the library may still have a join request
    LeaveAsked,    // unsubscribed; the member id is empty once the LeaveGroup request was sent
  };
  Step begin(const MemberState& member, bool quiet, SteadyTime now);
  Step unsubscribe(State next, const MemberState& member, SteadyTime now);

  const Kind kind_;
  State state_ = State::Begun;
  std::optional<SteadyTime> quiet_since_;  // no join request in flight since then
  uint64_t joins_before_ = 0;              // at the unsubscribe
};

}  // namespace freshet::kafka
