#include "stream/offset_committer.h"

#include <algorithm>

namespace freshet::stream {

void OffsetCommitter::consumer_started() {
  outstanding_ = false;
  paused_ = false;
  revoke_.reset();
}

void OffsetCommitter::begin_revoke(bool lost) { revoke_ = Revoke{lost}; }

std::optional<SteadyTime> OffsetCommitter::due() const {
  if (waits()) return std::nullopt;
  return sent_at_ + interval_;
}

bool OffsetCommitter::may_send(SteadyTime now, bool draining) const {
  if (waits()) return false;
  const bool at_once = !failed_ && (draining || drains_revoke());
  return at_once || now >= sent_at_ + interval_;
}

std::vector<OffsetToCommit> OffsetCommitter::send(const std::vector<Committable>& committable, SteadyTime now) {
  std::vector<OffsetToCommit> offsets;
  for (const auto& [partition, next] : committable) {
    CommitProgress& progress = of(partition);
    if (!progress.wants(next)) continue;
    offsets.push_back({partition, next});
    progress.sent(next);
  }
  if (offsets.empty()) return offsets;
  outstanding_ = true;
  sent_at_ = now;
  return offsets;
}

void OffsetCommitter::answered(const CommitResult& result) {
  outstanding_ = false;
  failed_ = result.error.has_value();
  if (revoke_) revoke_->rejected.insert(result.void_now.begin(), result.void_now.end());
  std::set<Partition> accepted;
  for (const auto& [partition, offset] : result.committed) {
    accepted.insert(partition);
    if (const auto found = progress_.find(partition); found != progress_.end()) found->second.accepted(offset);
  }
  if (!failed_) return;
  for (auto& [partition, progress] : progress_) {
    if (!accepted.contains(partition)) progress.resend();
  }
}

}  // namespace freshet::stream
