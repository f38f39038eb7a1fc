// The position of an owned partition, which decides what messages from the library are delivered.
#pragma once

#include "base/clock.h"
#include "model/ids.h"

namespace freshet::kafka {

// Threads: the loop only. Independent of the library, so that tests can cover every order of events.
class PartitionCursor {
 public:
  enum class State {
    Delivering,
    Moving,  // the library does not know `next` yet: messages from other positions are dropped
    // States without delivery:
    OffsetMissing,    // the group has no offset, and the reset policy is Error
    OutOfRange,       // the broker does not have the position; a lookup finds the next one
    TopicGone,        // until the topic exists again; a recreated topic starts at its beginning
    UnreadableBatch,  // the library cannot unpack the record batch at the position
  };

  explicit PartitionCursor(Offset next = {}, State state = State::Delivering, SteadyTime look_up_at = {})
      : next_(next), state_(state), look_up_at_(look_up_at) {}

  bool wants(Offset offset) const { return state_ == State::Delivering && offset >= next_; }
  // True if this message is to be delivered; the position then moves behind it.
  bool take(Offset offset) {
    if (!wants(offset)) return false;
    next_ = offset.next();
    return true;
  }
  // True if an event of the library (end of partition, an error at its position) refers to our position.
  bool speaks_of_us() const { return state_ == State::Delivering; }

  void stop(State why, SteadyTime look_up_at) {
    state_ = why;
    look_up_at_ = look_up_at;
  }
  // Reading continues at `next` once the library has been told; messages received before that are dropped.
  void move(Offset next) {
    next_ = next;
    state_ = State::Moving;
  }
  // Fetches the next messages again. False: the partition is stopped, and stays stopped.
  bool refetch() {
    if (!stopped()) state_ = State::Moving;
    return !stopped();
  }
  void library_told() {
    if (state_ == State::Moving) state_ = State::Delivering;
  }
  void look_up_again_at(SteadyTime at) { look_up_at_ = at; }
  SteadyTime look_up_at() const { return look_up_at_; }

  Offset next() const { return next_; }
  State state() const { return state_; }
  bool stopped() const { return state_ != State::Delivering && state_ != State::Moving; }
  // The state is one that a lookup can end, and the lookup is due.
  bool look_up_due(SteadyTime now) const { return stopped() && state_ != State::UnreadableBatch && look_up_at_ <= now; }

 private:
  Offset next_;
  State state_;
  SteadyTime look_up_at_;
};

}  // namespace freshet::kafka
