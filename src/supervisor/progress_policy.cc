#include "supervisor/progress_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::supervisor {
namespace {

constexpr uint32_t kRenewalsBeforeNotReady = 3;
constexpr uint32_t kMostDoublings = 6;
constexpr Duration kLongestPause = std::chrono::minutes(10);
// Statistics arrive every second (kafka/statistics.h); a shorter silence is not a fault.
constexpr Duration kStatisticsMayTake = std::chrono::seconds(30);

}  // namespace

void ProgressPolicy::observe(SteadyTime now, const StreamStatus& status) {
  statistics_at_ = status.assigned && !status.draining ? status.statistics_at : std::nullopt;
  if (!status.assigned || status.draining) return seen_.clear();
  std::map<Partition, Seen> next;
  for (const PartitionStatus& one : status.partitions) {
    if (one.paused || !one.blocked.empty()) continue;
    const auto old = seen_.find(one.partition);
    const bool moved = old == seen_.end() || old->second.position != one.position;
    Seen& seen =
        next.emplace(one.partition, moved ? Seen{one.position, now, {}, {}, {}, {}} : old->second).first->second;
    seen.offered_at = one.offered_at;
  }
  seen_ = std::move(next);
  for (auto suspect = suspects_.begin(); suspect != suspects_.end();) {
    const auto found = seen_.find(suspect->first);
    const bool others = found == seen_.end() && !seen_.empty();
    const bool moved = found != seen_.end() && found->second.position > suspect->second;
    suspect = others || moved ? suspects_.erase(suspect) : std::next(suspect);
  }
}

std::vector<Partition> ProgressPolicy::still(SteadyTime now, Duration timeout) const {
  std::vector<Partition> out;
  for (const auto& [partition, seen] : seen_) {
    if (now - seen.moved_at >= timeout / 4) out.push_back(partition);
  }
  return out;
}

void ProgressPolicy::looked_up(SteadyTime asked_at, const std::vector<Partition>& asked,
                               const std::map<Partition, Offset>& ends, const std::string& why) {
  for (const Partition partition : asked) {
    const auto found = seen_.find(partition);
    if (found == seen_.end()) continue;
    Seen& seen = found->second;
    const auto end = ends.find(partition);
    if (end == ends.end()) {
      if (!seen.blind_since) seen.blind_since = asked_at;
      blind_why_ = why;
      continue;
    }
    seen.blind_since.reset();
    if (end->second > seen.position) {
      if (!seen.behind_since) seen.behind_since = asked_at;
    } else {
      seen.behind_since.reset();
      seen.refetched_at.reset();
      suspects_.erase(partition);
    }
  }
}

ProgressPolicy::Advice ProgressPolicy::advise(SteadyTime now, Duration timeout) {
  Advice advice;
  if (timeout <= Duration::zero()) {
    *this = {};
    return advice;
  }
  const std::string why = fault(now, timeout, advice.refetch);
  if (!why.empty() && now >= next_renewal_) {
    if (renewals_ >= kRenewalsBeforeNotReady) {
      not_ready_reason_ = fmt::format("no progress, also after {} renewals: {}", renewals_, why);
    }
    set_next_renewal(now, timeout);
    advice.renew = why;
  }
  if (why.empty() && suspects_.empty()) {
    renewals_ = 0;
    next_renewal_ = {};
    not_ready_reason_.clear();
  }
  advice.not_ready_reason = not_ready_reason_;
  return advice;
}

void ProgressPolicy::set_next_renewal(SteadyTime now, Duration timeout) {
  ++renewals_;
  const uint32_t beyond = renewals_ - std::min(renewals_, kRenewalsBeforeNotReady);
  const Duration longer = timeout * (int64_t{1} << std::min(beyond, kMostDoublings));
  next_renewal_ = now + std::max(timeout, std::min(longer, kLongestPause));
}

std::string ProgressPolicy::fault(SteadyTime now, Duration timeout, std::vector<Partition>& refetch) {
  stuck_ = 0;
  std::string why;
  for (auto& [partition, seen] : seen_) {
    std::string of_this = fault_of(partition, seen, now, timeout, refetch);
    if (of_this.empty()) continue;
    suspects_.emplace(partition, seen.position);
    why = std::move(of_this);
  }
  if (!why.empty() || !statistics_at_ || now - *statistics_at_ < std::max(timeout, kStatisticsMayTake)) return why;
  return fmt::format("the Kafka client has sent no statistics for {} s", whole_seconds(now - *statistics_at_));
}

std::string ProgressPolicy::fault_of(Partition partition, Seen& seen, SteadyTime now, Duration timeout,
                                     std::vector<Partition>& refetch) {
  const auto lasts = [&](std::optional<SteadyTime> since) {
    const SteadyTime begin = std::max(seen.moved_at, since.value_or(now));
    return since && now - begin >= timeout && seen.offered_at > begin;
  };
  const int64_t silent = whole_seconds(now - seen.moved_at);
  if (lasts(seen.behind_since)) {
    ++stuck_;
    if (!seen.refetched_at) {
      seen.refetched_at = now;
      refetch.push_back(partition);
    }
    if (!lasts(seen.refetched_at)) return {};
    return fmt::format("partition {} has messages from offset {} on and has delivered none for {} s", partition.value,
                       seen.position.value, silent);
  }
  if (!lasts(seen.blind_since)) return {};
  ++stuck_;
  return fmt::format("partition {} has delivered no message for {} s, and no broker returns its end offset: {}",
                     partition.value, silent, blind_why_);
}

}  // namespace freshet::supervisor
