#include "admin/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::admin {
namespace {

constexpr Duration kLoopMustTurn = std::chrono::seconds(30);
constexpr Duration kMustMove = std::chrono::seconds(30);

}  // namespace

HealthStatus health(SteadyTime now, SteadyTime started, SteadyTime last_turn) {
  const Duration still = now - std::max(started, last_turn);
  if (still <= kLoopMustTurn) return {true, ""};
  return {false, fmt::format("the main loop has not run for {} s", whole_seconds(still))};
}

HealthStatus Progress::assess(const StreamStatus& status) {
  int64_t committed = 0;
  bool paused = false;
  for (const PartitionStatus& partition : status.partitions) {
    committed += partition.committed.value_or(Offset{0}).value;
    paused = paused || partition.paused;
  }
  const bool idle = !paused && status.messages_consumed == std::exchange(consumed_, status.messages_consumed);
  const bool moved = committed != std::exchange(committed_, committed);
  if (idle || moved) return {true, ""};
  return {false, "messages arrive and no offset is committed"};
}

HealthStatus Readiness::assess(SteadyTime now, const StreamStatus& status) {
  uint64_t progress =
      status.messages_consumed + status.rows_written + status.dead_letters + status.skipped + status.rebalances + 1;
  int64_t lag = 0;
  for (const PartitionStatus& partition : status.partitions) {
    progress += static_cast<uint64_t>(partition.committed.value_or(Offset{0}).value);
    lag += partition.lag.value_or(0);
  }
  const bool moved = progress != std::exchange(progress_, progress);
  const bool idle = lag == 0 && status.batches_in_flight == 0;
  // What has just come has not waited since the last movement.
  const bool was_idle = std::exchange(idle_, idle);
  if (moved || was_idle) moved_at_ = now;
  if (status.draining) return {false, "it is stopping"};
  if (!status.waiting_for.empty()) return {false, "waiting: " + status.waiting_for};
  for (const PartitionStatus& partition : status.partitions) {
    if (!partition.blocked.empty()) {
      return {false, fmt::format("partition {} is blocked: {}", partition.partition.value, partition.blocked)};
    }
  }
  if (!status.assigned) return {false, "waiting for an assignment of partitions"};
  if (!idle && now - moved_at_ > kMustMove) {
    return {false, fmt::format("no message was consumed, stored or committed for {} s, with a lag of {}",
                               whole_seconds(now - moved_at_), lag)};
  }
  return {true, ""};
}

}  // namespace freshet::admin
