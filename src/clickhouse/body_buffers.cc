#include "clickhouse/body_buffers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace freshet::clickhouse {
namespace {

// This part of what a body needs is reserved beyond it, so that a slightly larger one finds room, too.
constexpr size_t kReserve = 4;

}  // namespace

BodyBuffer BodyBuffers::take(size_t bytes) {
  std::optional<BodyBuffer> kept;
  {
    MutexLock lock(mutex_);
    kept.swap(kept_);
  }
  if (kept && kept->capacity >= bytes) return *std::move(kept);
  kept.reset();  // before it is replaced
  const size_t capacity = bytes + bytes / kReserve;
  return {std::make_unique_for_overwrite<char[]>(capacity), capacity, 0};
}

void BodyBuffers::put(BodyBuffer buffer) {
  if (buffer.touched > kLargestKept) return;
  std::optional<BodyBuffer> next(std::move(buffer));
  MutexLock lock(mutex_);
  kept_.swap(next);
}

void BodyBuffers::release() {
  std::optional<BodyBuffer> kept;
  MutexLock lock(mutex_);
  kept.swap(kept_);
}

}  // namespace freshet::clickhouse
