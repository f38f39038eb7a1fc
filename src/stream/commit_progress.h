// Up to where one partition's offset is committed, and what may be sent next. What is sent only ever grows, and is
// never below what the broker is known to have; the one exception is an operator's skip.
#pragma once

#include <algorithm>
#include <optional>

#include "model/ids.h"

namespace freshet::stream {

// Threads: the loop only.
class CommitProgress {
 public:
  // A stream that begins at `start` has nothing to commit before it gets beyond it.
  explicit CommitProgress(Offset start) : start_(start), floor_(start), sent_(start) {}

  // The broker has this offset, looked up or committed by somebody else of this process, and no commit of ours is on
  // its way.
  void known(Offset offset) { acknowledged_ = floor_ = sent_ = offset; }

  bool wants(Offset committable) const { return committable > sent_; }
  void sent(Offset offset) { sent_ = offset; }
  void accepted(Offset offset) {
    floor_ = std::max(floor_, offset);
    acknowledged_ = floor_;
  }
  // What was sent was refused, or may never have arrived: it is sent again.
  void resend() { sent_ = floor_; }

  // The operator decided where to go on: that is what is committed next, also where the broker has a later offset. No
  // commit of the partition may be on its way.
  void decided_by_operator() {
    acknowledged_.reset();
    floor_ = sent_ = kNothing;
  }

  // As acknowledged by the broker.
  const std::optional<Offset>& acknowledged() const { return acknowledged_; }
  // Nobody who had the partition meanwhile went beyond what is finished here, if the broker has `now`.
  bool not_overtaken(Offset now, Offset committable) const {
    if (acknowledged_ && now == *acknowledged_) return true;
    return acknowledged_.value_or(start_) <= now && now <= committable;
  }

 private:
  static constexpr Offset kNothing{-1};

  Offset start_;
  std::optional<Offset> acknowledged_;
  Offset floor_;  // nothing at or below it is sent
  Offset sent_;
};

}  // namespace freshet::stream
