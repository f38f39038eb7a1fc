// The life cycle of a partition in this process. Each state is a type that holds the data legal in it. A transition
// consumes one state and returns the next, so an illegal transition does not compile.
//
//   Active --leave--> Leaving --drain--> Draining --suspend--> Suspended --resume--> Active
//   Active --drain--> Draining;  Active, Leaving --suspend--> Suspended
//
// An assigned partition is Active. If the consumer is leaving the group, it becomes Leaving at once.
//
// A partition can be dropped in any state: because another client fenced the consumer, a stop ends, the group's valid
// offset is below its position, or it was not assigned again in time. Everything known about it is then discarded, and
// its messages are read again from the committed offset.
#pragma once

#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/rows.h"

namespace freshet::stream {

// Rows that are not in a batch yet. The age of a batch counts from `since`.
struct WaitingRows {
  std::shared_ptr<const ProcessedChunk> chunk;
  SteadyTime since;
};

// Rows that may not enter a batch now, in offset order.
using PendingRows = std::vector<WaitingRows>;

// Messages are delivered and their rows enter batches.
struct Active {};

// The consumer leaves the group. Sealed batches are finished; no more rows enter a batch.
struct Leaving {
  PendingRows pending{};
};

// The partition is being revoked. Its sealed batches are finished and committed, then the revoke is answered.
struct Draining {
  PendingRows pending;
};

// This process does not own the partition. If the partition is assigned to it again at once, it resumes without loss.
struct Suspended {
  PendingRows pending;
};

inline PendingRows append(PendingRows rows, PendingRows more) {
  rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return rows;
}

// `unbatched` are the rows that were queued for the next batch.
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
// The returned rows enter batches again.
inline std::pair<Active, PendingRows> resume(Suspended&& state) { return {Active{}, std::move(state.pending)}; }

// Holds the state of one partition. An illegal transition throws, also in release builds, and changes nothing: no rows
// are lost silently. Threads: the loop only.
class PartitionState {
 public:
  template <typename State>
  bool is() const {
    return std::holds_alternative<State>(state_);
  }
  bool owned() const { return !is<Suspended>(); }
  // New rows enter a batch. Otherwise call add_pending().
  bool batches() const { return is<Active>(); }
  // Throws std::logic_error if Active.
  void add_pending(WaitingRows rows) {
    std::visit(
        [&](auto& state) {
          if constexpr (requires { state.pending; }) {
            state.pending.push_back(std::move(rows));
          } else {
            throw std::logic_error("rows of an active partition enter a batch");
          }
        },
        state_);
  }

  // No effect if not Active: no rows enter a batch in the other states either.
  void leave() {
    if (auto* active = std::get_if<Active>(&state_)) state_ = stream::leave(std::move(*active));
  }
  // Stays in Draining if it is called again: closing a consumer may bring a second revoke. Throws
  // std::bad_variant_access if Suspended.
  void drain(PendingRows unbatched) {
    if (auto* active = std::get_if<Active>(&state_)) {
      state_ = stream::drain(std::move(*active), std::move(unbatched));
    } else if (auto* leaving = std::get_if<Leaving>(&state_)) {
      state_ = stream::drain(std::move(*leaving), std::move(unbatched));
    } else {
      add_before(std::get<Draining>(state_), std::move(unbatched));
    }
  }
  // Throws std::bad_variant_access if Suspended.
  void suspend(PendingRows unbatched = {}) {
    if (auto* active = std::get_if<Active>(&state_)) {
      state_ = stream::suspend(std::move(*active), std::move(unbatched));
    } else if (auto* leaving = std::get_if<Leaving>(&state_)) {
      state_ = stream::suspend(std::move(*leaving), std::move(unbatched));
    } else {
      auto& draining = std::get<Draining>(state_);
      add_before(draining, std::move(unbatched));
      state_ = stream::suspend(std::move(draining));
    }
  }
  // Throws std::bad_variant_access if not Suspended.
  PendingRows resume() {
    auto [active, pending] = stream::resume(std::move(std::get<Suspended>(state_)));
    state_ = active;
    return pending;
  }

 private:
  // Draining partitions have no rows queued for a batch. If there were any, they would not be lost.
  static void add_before(Draining& state, PendingRows unbatched) {
    state.pending = append(std::move(unbatched), std::move(state.pending));
  }

  std::variant<Active, Leaving, Draining, Suspended> state_;
};

}  // namespace freshet::stream
