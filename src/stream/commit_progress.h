// Which offsets and plans of one partition were committed, and what may be committed next. Offsets sent to the broker
// only grow, and are never below what the broker is known to have. The one exception is an operator's skip.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "model/ids.h"

namespace freshet::stream {

// What a commit says about a partition.
struct CommitPoint {
  Offset next;           // everything below is finished
  uint64_t version = 0;  // PartitionPlan::version()
  std::string plan{};    // PartitionPlan::Text::text
  Offset frontier = next;
};

// Threads: the loop only.
class CommitProgress {
 public:
  // There is nothing to commit until the committable offset exceeds `start`.
  explicit CommitProgress(Offset start) : start_(start), floor_(start), sent_{start} {}

  // The broker has this: it was looked up, or committed by another component of this process. Requires that no commit
  // of the partition is outstanding. `at`, here and below: Clock::since_boot() of the question or the commit.
  void known(CommitPoint point, Duration at) {
    floor_ = point.next;
    sent_ = point;
    acknowledged_ = std::move(point);
    confirmed_at_ = at;
  }

  bool wants(Offset committable, uint64_t version) const {
    return committable > sent_.next || ((confirm_again_ || version != sent_.version) && committable >= sent_.next);
  }
  void sent(CommitPoint point) {
    sent_ = std::move(point);
    confirm_again_ = false;
  }
  // The broker accepted this offset, and with it what was sent last, unless that has another offset.
  void accepted(Offset offset, Duration at) {
    floor_ = std::max(floor_, offset);
    acknowledged_ = offset == sent_.next ? sent_ : CommitPoint{floor_};
    acknowledged_->next = floor_;
    confirmed_at_ = at;
  }
  // The last commit was rejected or may never have arrived: send it again.
  void resend() {
    sent_ = acknowledged_.value_or(CommitPoint{floor_});
    sent_.next = floor_;
  }

  // The operator chose the offset to resume from. It is committed next, even if the broker has a higher one. Requires
  // that no commit of the partition is outstanding.
  void decided_by_operator() {
    acknowledged_.reset();
    floor_ = kNothing;
    sent_ = CommitPoint{kNothing};
  }

  // The last commit had more than an offset.
  bool sends_plans() const { return sent_.version > 0 || !sent_.plan.empty(); }
  // The last offset that the broker acknowledged.
  std::optional<Offset> acknowledged() const {
    return acknowledged_ ? std::optional(acknowledged_->next) : std::nullopt;
  }
  // The broker has this version of the plan, or a later one, up to and including the span that ends at `last`; or its
  // offset is beyond the span.
  bool has_plan(uint64_t version, Offset last) const {
    if (!acknowledged_) return false;
    return last < acknowledged_->next || (acknowledged_->version >= version && last < acknowledged_->frontier);
  }
  // When the broker was last known to have this process's plan, as Clock::since_boot(). Requires has_plan().
  Duration confirmed_at() const { return confirmed_at_; }
  // Commit once more, even if nothing is new: confirmed_at() is long ago.
  void confirm_again() { confirm_again_ = true; }
  size_t acknowledged_plan_size() const { return acknowledged_ ? acknowledged_->plan.size() : 0; }
  // The broker has `now`. True if no other owner of the partition committed beyond what is finished here.
  bool not_overtaken(Offset now, Offset committable) const {
    if (acknowledged_ && now == acknowledged_->next) return true;
    return acknowledged().value_or(start_) <= now && now <= committable;
  }
  // The broker has exactly what this process committed last. A commit whose answer was lost counts as committed if the
  // broker has it.
  bool recognises(Offset now, const std::string& plan, Duration at) {
    const auto is = [&](const CommitPoint& point) { return point.next == now && point.plan == plan; };
    if (acknowledged_ && is(*acknowledged_)) {
      confirmed_at_ = at;
      return true;
    }
    if (!is(sent_)) return false;
    accepted(now, at);
    return true;
  }

 private:
  static constexpr Offset kNothing{-1};

  Offset start_;
  std::optional<CommitPoint> acknowledged_;
  Offset floor_;  // offsets at or below it are not sent
  CommitPoint sent_;
  Duration confirmed_at_{};
  bool confirm_again_ = false;
};

}  // namespace freshet::stream
