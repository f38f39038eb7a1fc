// Leaves the group in a way that leaves no member without a process at the broker. Such a member would hold its
// partitions, or the next rebalance, until its session times out.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// Counts the client's JoinGroup requests. Call before the client is created from `conf`; the client must keep
// `requests` alive (ClientFreed::requests).
void count_group_requests(rd_kafka_conf_t* conf, GroupRequests& requests);

// The library sends no LeaveGroup when a static member closes; it sends one when the client unsubscribes and has a
// member id. Before the response to its first JoinGroup it has no member id, and after an unsubscribe it drops that
// response: the broker then has a member that nobody can remove. Therefore this waits for the response. Threads: the
// loop only.
class Departure {
 public:
  enum class Kind {
    Stays,    // configured instance id: the restarted process gets its partitions back
    Dynamic,  // the library leaves when it closes
    Static,   // freshet leaves first, then closes
  };
  struct MemberState {
    uint64_t joins_sent = 0;
    uint64_t joins_answered = 0;
    bool has_member_id = false;  // as reported by the client
    bool was_member = false;     // it had an assignment: the broker may have a member whose id the client has dropped
  };
  // What the caller must do now.
  enum class Step { Wait, Unsubscribe, Subscribe, Close };

  explicit Departure(Kind kind) : kind_(kind) {}

  // Call until it returns Close; the caller enforces a deadline.
  Step next(const MemberState& member, SteadyTime now);

 private:
  enum class State {
    Begun,
    AwaitingJoin,  // the broker has a member whose id is in transit or dropped: join again in order to leave
    NotJoined,     // unsubscribed before joining; the library may still send a join request
    LeaveAsked,    // unsubscribed; the member id is empty once the LeaveGroup request was sent
  };
  Step begin(const MemberState& member, bool quiet, SteadyTime now);
  Step unsubscribe(State next, const MemberState& member, SteadyTime now);

  const Kind kind_;
  State state_ = State::Begun;
  std::optional<SteadyTime> quiet_since_;  // since then no join request has been in flight
  uint64_t joins_before_ = 0;              // number of joins sent at the unsubscribe
};

}  // namespace freshet::kafka
