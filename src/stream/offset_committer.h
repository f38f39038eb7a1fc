// Offset commits: when to send one, which one is outstanding, and which partitions the broker no longer accepts.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "ports/source.h"
#include "stream/commit_progress.h"
#include "stream/partition_plan.h"

namespace freshet::stream {

// At most one commit is outstanding, for all partitions together, and at most one is sent per interval. Threads: the
// loop only. Lives as long as the pipeline, across all consumers.
class OffsetCommitter {
 public:
  struct Committable {
    Partition partition;
    CommitPoint point;
  };

  explicit OffsetCommitter(Duration interval) : interval_(interval) {}

  // --- partitions: from the first assignment until the partition is dropped
  void begin(Partition partition, Offset start) {
    progress_.erase(partition);
    progress_.try_emplace(partition, start);
  }
  void drop(Partition partition) { progress_.erase(partition); }
  CommitProgress& of(Partition partition) { return progress_.at(partition); }
  const CommitProgress& of(Partition partition) const { return progress_.at(partition); }

  // --- consumers
  void consumer_started();
  void consumer_ended() { outstanding_ = false; }
  // Pauses commits, except for partitions that are drained for a revoke.
  void pause(bool paused) { paused_ = paused; }
  bool paused() const { return paused_; }

  // --- a revoke, until its answer. `lost`: the broker accepts no commits of its partitions.
  void begin_revoke(bool lost);
  void end_revoke() { revoke_.reset(); }
  // Partitions were assigned, or lost: an outstanding commit may be answered for an earlier membership, so its plans
  // count as not acknowledged.
  void membership_changed() { void_ = outstanding_; }
  // The broker accepts no offset of this partition, which is being revoked.
  bool rejects(Partition partition) const {
    return revoke_ && (revoke_->lost || revoke_->rejected.contains(partition));
  }

  // --- commits
  bool outstanding() const { return outstanding_; }
  // When the next commit may be sent; nullopt while one is outstanding or commits are paused.
  std::optional<SteadyTime> due() const;
  // `at_once`: something waits for the commit, so it is not put off by the interval.
  bool may_send(SteadyTime now, bool at_once) const;
  // Returns the offsets to commit, and marks them as sent. Requires may_send(). `since_boot`: Clock::since_boot().
  std::vector<OffsetToCommit> send(const std::vector<Committable>& committable, SteadyTime now, Duration since_boot);
  // Upper bound for PartitionPlan::text(). Halved when the broker refuses one for its length.
  size_t max_plan_text() const { return max_plan_text_; }
  // Rejected offsets are sent again with the next commit.
  void answered(const CommitResult& result);

 private:
  void shorten_plans();
  struct Revoke {
    bool lost = false;
    std::set<Partition> rejected{};
  };
  bool drains_revoke() const { return revoke_ && !revoke_->lost; }
  bool waits() const { return outstanding_ || (paused_ && !drains_revoke()); }

  const Duration interval_;
  std::map<Partition, CommitProgress> progress_;
  bool outstanding_ = false;
  bool paused_ = false;
  bool failed_ = false;  // the last commit failed: the next one waits for the interval even in a drain
  bool void_ = false;    // the outstanding commit is of an earlier membership
  size_t max_plan_text_ = PartitionPlan::kMaxText;
  SteadyTime sent_at_{};
  Duration sent_since_boot_{};
  std::optional<Revoke> revoke_;
};

}  // namespace freshet::stream
