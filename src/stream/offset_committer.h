// Offset commits: when one is sent, what waits for its answer, and what the broker takes no more.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "ports/source.h"
#include "stream/commit_progress.h"

namespace freshet::stream {

// One commit is outstanding at a time, for all partitions together, and at most one is sent per interval. Threads: the
// loop only; it lives as long as the pipeline, over all consumers.
class OffsetCommitter {
 public:
  // What may be committed of a partition: everything below is finished.
  struct Committable {
    Partition partition;
    Offset next;
  };

  explicit OffsetCommitter(Duration interval) : interval_(interval) {}

  // --- partitions: from the first assignment until nothing of it is known any more
  void begin(Partition partition, Offset start) { progress_.insert_or_assign(partition, CommitProgress(start)); }
  void drop(Partition partition) { progress_.erase(partition); }
  CommitProgress& of(Partition partition) { return progress_.at(partition); }
  const CommitProgress& of(Partition partition) const { return progress_.at(partition); }

  // --- consumers
  void consumer_started();
  void consumer_ended() { outstanding_ = false; }
  // No commit is sent until it is called with false again, but of partitions that are drained before they are revoked.
  void pause(bool paused) { paused_ = paused; }
  bool paused() const { return paused_; }

  // --- a revoke, until its answer. `lost`: the broker takes nothing of its partitions any more.
  void begin_revoke(bool lost);
  void end_revoke() { revoke_.reset(); }
  // The broker takes no offset of this partition, which is being revoked.
  bool refuses(Partition partition) const { return revoke_ && (revoke_->lost || revoke_->refused.contains(partition)); }

  // --- commits
  bool outstanding() const { return outstanding_; }
  // When the next one may be sent; none: after an answer, or once commits are not paused any more.
  std::optional<SteadyTime> due() const;
  // `draining`: the consumer ends with this drain, and waits for its last commit.
  bool may_send(SteadyTime now, bool draining) const;
  // Only when it may be sent.
  std::vector<OffsetToCommit> send(const std::vector<Committable>& committable, SteadyTime now);
  // What was refused is sent again with the next commit.
  void answered(const CommitResult& result);

 private:
  struct Revoke {
    bool lost = false;
    std::set<Partition> refused{};
  };
  bool drains_revoke() const { return revoke_ && !revoke_->lost; }
  bool waits() const { return outstanding_ || (paused_ && !drains_revoke()); }

  const Duration interval_;
  std::map<Partition, CommitProgress> progress_;
  bool outstanding_ = false;
  bool paused_ = false;
  bool failed_ = false;  // the last one; the next waits its interval
  SteadyTime sent_at_{};
  std::optional<Revoke> revoke_;
};

}  // namespace freshet::stream
