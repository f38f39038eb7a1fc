// Which offsets of one partition were committed, and what may be committed next. Offsets sent to the broker only grow,
// and are never below what the broker is known to have. The one exception is an operator's skip.
#pragma once

#include <algorithm>
#include <optional>

#include "model/ids.h"

namespace freshet::stream {

// Threads: the loop only.
class CommitProgress {
 public:
  // There is nothing to commit until the committable offset exceeds `start`.
  explicit CommitProgress(Offset start) : start_(start), floor_(start), sent_(start) {}

  // The broker has this offset: it was looked up, or committed by another component of this process. Requires that no
  // commit of the partition is outstanding.
  void known(Offset offset) { acknowledged_ = floor_ = sent_ = offset; }

  bool wants(Offset committable) const { return committable > sent_; }
  void sent(Offset offset) { sent_ = offset; }
  void accepted(Offset offset) {
    floor_ = std::max(floor_, offset);
    acknowledged_ = floor_;
  }
  // The last commit was rejected or may never have arrived: send it again.
  void resend() { sent_ = floor_; }

  // The operator chose the offset to resume from. It is committed next, even if the broker has a higher one. Requires
  // that no commit of the partition is outstanding.
  void decided_by_operator() {
    acknowledged_.reset();
    floor_ = sent_ = kNothing;
  }

  // The last offset that the broker acknowledged.
  const std::optional<Offset>& acknowledged() const { return acknowledged_; }
  // The broker has `now`. True if no other owner of the partition committed beyond what is finished here.
  bool not_overtaken(Offset now, Offset committable) const {
    if (acknowledged_ && now == *acknowledged_) return true;
    return acknowledged_.value_or(start_) <= now && now <= committable;
  }

 private:
  static constexpr Offset kNothing{-1};

  Offset start_;
  std::optional<Offset> acknowledged_;
  Offset floor_;  // offsets at or below it are not sent
  Offset sent_;
};

}  // namespace freshet::stream
