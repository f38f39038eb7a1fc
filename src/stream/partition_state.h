// Where a partition is in its life with this process. Each state is a type with the data that is legal in it, and each
// transition consumes one state and returns the next: one that does not exist does not compile.
//
//   Active --leave--> Leaving --drain--> Draining --suspend--> Suspended --resume--> Active
//   Active --drain--> Draining;  Active, Leaving --suspend--> Suspended
//
// A partition that is dropped, from any state, is forgotten as a whole: its messages are read again.
#pragma once

#include <cassert>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/rows.h"

namespace freshet::stream {

// Rows that are in no batch yet, and since when they could be: a batch's age counts from there.
struct WaitingRows {
  std::shared_ptr<const ProcessedChunk> chunk;
  SteadyTime since;
};

// Rows that may enter no batch now, in the order of their offsets.
using PendingRows = std::vector<WaitingRows>;

// Messages are delivered, and their rows enter batches.
struct Active {};

// The consumer leaves the group. What is in a batch is finished; no row enters one any more.
struct Leaving {
  PendingRows pending{};
};

// The partition is being revoked: what is in a batch is finished and committed, then the revoke is answered.
struct Draining {
  PendingRows pending;
};

// This process does not own the partition. It resumes if the partition comes straight back: then nothing was lost.
struct Suspended {
  PendingRows pending;
};

inline PendingRows append(PendingRows rows, PendingRows more) {
  rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return rows;
}

// `unbatched`: what waited for the next batch until now.
inline Leaving leave(Active&&) { return {}; }
inline Draining drain(Active&&, PendingRows unbatched) { return {std::move(unbatched)}; }
inline Draining drain(Leaving&& state, PendingRows unbatched) {
  return {append(std::move(unbatched), std::move(state.pending))};
}
inline Suspended suspend(Active&&, PendingRows unbatched) { return {std::move(unbatched)}; }
inline Suspended suspend(Leaving&& state, PendingRows unbatched) {
  return {append(std::move(unbatched), std::move(state.pending))};
}
inline Suspended suspend(Draining&& state) { return {std::move(state.pending)}; }
// The rows enter batches again.
inline std::pair<Active, PendingRows> resume(Suspended&& state) { return {Active{}, std::move(state.pending)}; }

// The state of one partition. Threads: the loop only.
class PartitionState {
 public:
  template <typename State>
  bool is() const {
    return std::holds_alternative<State>(state_);
  }
  bool owned() const { return !is<Suspended>(); }
  // Rows that come now enter a batch; else they are added to those that are pending.
  bool batches() const { return is<Active>(); }
  void add_pending(WaitingRows rows) {
    std::visit(
        [&](auto& state) {
          if constexpr (requires { state.pending; }) {
            state.pending.push_back(std::move(rows));
          } else {
            assert(!"rows of an active partition enter a batch");
          }
        },
        state_);
  }

  void leave() {
    if (auto* active = std::get_if<Active>(&state_)) state_ = stream::leave(std::move(*active));
  }
  // Not when suspended. One that is being drained stays so: a close may bring a second revoke.
  void drain(PendingRows unbatched) {
    assert(owned());
    if (auto* active = std::get_if<Active>(&state_)) {
      state_ = stream::drain(std::move(*active), std::move(unbatched));
    } else if (auto* leaving = std::get_if<Leaving>(&state_)) {
      state_ = stream::drain(std::move(*leaving), std::move(unbatched));
    }
  }
  // Not when suspended already.
  void suspend(PendingRows unbatched = {}) {
    assert(owned());
    if (auto* active = std::get_if<Active>(&state_)) {
      state_ = stream::suspend(std::move(*active), std::move(unbatched));
    } else if (auto* leaving = std::get_if<Leaving>(&state_)) {
      state_ = stream::suspend(std::move(*leaving), std::move(unbatched));
    } else if (auto* draining = std::get_if<Draining>(&state_)) {
      assert(unbatched.empty());
      state_ = stream::suspend(std::move(*draining));
    }
  }
  // Only when suspended.
  PendingRows resume() {
    auto [active, pending] = stream::resume(std::move(std::get<Suspended>(state_)));
    state_ = active;
    return pending;
  }

 private:
  std::variant<Active, Leaving, Draining, Suspended> state_;
};

}  // namespace freshet::stream
