#include "stream/offset_committer.h"

#include <algorithm>

namespace freshet::stream {
namespace {

constexpr size_t kMinPlanText = 125;  // one insert

}  // namespace

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

bool OffsetCommitter::may_send(SteadyTime now, bool at_once) const {
  if (waits()) return false;
  return (!failed_ && (at_once || drains_revoke())) || now >= sent_at_ + interval_;
}

std::vector<OffsetToCommit> OffsetCommitter::send(const std::vector<Committable>& committable, SteadyTime now,
                                                  Duration since_boot) {
  std::vector<OffsetToCommit> offsets;
  for (const auto& [partition, point] : committable) {
    CommitProgress& progress = of(partition);
    if (!progress.wants(point.next, point.version)) continue;
    offsets.push_back({partition, point.next, point.plan});
    progress.sent(point);
  }
  if (offsets.empty()) return offsets;
  outstanding_ = true;
  void_ = false;
  sent_at_ = now;
  sent_since_boot_ = since_boot;
  return offsets;
}

// Not below what the broker has accepted: inserts of an acknowledged plan are under way, so no later commit may omit
// them.
void OffsetCommitter::shorten_plans() {
  size_t least = kMinPlanText;
  for (const auto& [partition, progress] : progress_) least = std::max(least, progress.acknowledged_plan_size());
  max_plan_text_ = std::max(max_plan_text_ / 2, least);
}

void OffsetCommitter::answered(const CommitResult& result) {
  outstanding_ = false;
  failed_ = result.error.has_value();
  if (result.plan_too_large) shorten_plans();
  if (revoke_) revoke_->rejected.insert(result.void_now.begin(), result.void_now.end());
  std::set<Partition> accepted;
  for (const auto& [partition, offset] : result.committed) {
    accepted.insert(partition);
    const auto found = progress_.find(partition);
    if (found == progress_.end()) continue;
    if (void_ && found->second.sends_plans()) {
      found->second.resend();
    } else {
      found->second.accepted(offset, sent_since_boot_);
    }
  }
  if (!failed_) return;
  for (auto& [partition, progress] : progress_) {
    if (!accepted.contains(partition)) progress.resend();
  }
}

}  // namespace freshet::stream
