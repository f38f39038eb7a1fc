#include "clickhouse/body_buffers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace freshet::clickhouse {
namespace {

// This part of what a body needs is reserved beyond it, so that a slightly larger one finds room, too.
constexpr size_t kReserve = 4;
constexpr uint64_t kShareOfBudget = 4;

}  // namespace

BodyBuffer BodyBuffers::take(size_t bytes) {
  std::optional<Kept> kept;
  {
    MutexLock lock(mutex_);
    kept.swap(kept_);
  }
  if (kept && kept->buffer.capacity >= bytes) return std::move(kept->buffer);
  kept.reset();  // before it is replaced
  const size_t capacity = bytes + bytes / kReserve;
  return {std::make_unique_for_overwrite<char[]>(capacity), capacity, 0};
}

void BodyBuffers::put(BodyBuffer buffer, const std::shared_ptr<ByteBudget>& budget) {
  const uint64_t most = budget ? std::min<uint64_t>(kLargestKept, budget->limit() / kShareOfBudget) : kLargestKept;
  if (buffer.touched > most || (budget && !budget->has_room())) return;
  Charge charge(budget, buffer.touched);
  std::optional<Kept> next(Kept{std::move(buffer), std::move(charge)});
  MutexLock lock(mutex_);
  kept_.swap(next);
}

void BodyBuffers::release() {
  std::optional<Kept> kept;
  MutexLock lock(mutex_);
  kept.swap(kept_);
}

}  // namespace freshet::clickhouse
