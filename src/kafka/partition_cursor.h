// Where an owned partition is read, and whether what the library brings of it is delivered.
#pragma once

#include "base/clock.h"
#include "model/ids.h"

namespace freshet::kafka {

// Threads: the loop only. No library: every order of events can be tested.
class PartitionCursor {
 public:
  enum class State {
    Delivering,
    Moving,  // the library is yet to be told `next`: until then it brings what it reads elsewhere
    // Nothing is delivered:
    OffsetMissing,    // the group has no offset, and the reset policy chooses none
    OutOfRange,       // the broker does not have the position; where it goes on is looked up
    TopicGone,        // until the topic is back; one made anew starts at its beginning
    UnreadableBatch,  // the library cannot unpack the record batch at the position
  };

  explicit PartitionCursor(Offset next = {}, State state = State::Delivering, SteadyTime look_up_at = {})
      : next_(next), state_(state), look_up_at_(look_up_at) {}

  bool wants(Offset offset) const { return state_ == State::Delivering && offset >= next_; }
  // Whether this message is delivered; the position is then behind it.
  bool take(Offset offset) {
    if (!wants(offset)) return false;
    next_ = offset.next();
    return true;
  }
  // Whether what the library says of the partition (its end, an error at its position) is about our position.
  bool speaks_of_us() const { return state_ == State::Delivering; }

  void stop(State why, SteadyTime look_up_at) {
    state_ = why;
    look_up_at_ = look_up_at;
  }
  // Reading goes on at `next` once the library has been told; what it brings until then is dropped.
  void move(Offset next) {
    next_ = next;
    state_ = State::Moving;
  }
  // What comes next is to be fetched anew. False: nothing is delivered, and that stays so.
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
  // What a look-up can end, and it is time for one.
  bool look_up_due(SteadyTime now) const { return stopped() && state_ != State::UnreadableBatch && look_up_at_ <= now; }

 private:
  Offset next_;
  State state_;
  SteadyTime look_up_at_;
};

}  // namespace freshet::kafka
