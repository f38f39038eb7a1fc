#include "clickhouse/body_buffers.h"

#include <utility>

namespace freshet::clickhouse {

BodyBuffer BodyBuffers::take() {
  {
    MutexLock lock(mutex_);
    if (!kept_.empty()) {
      BodyBuffer kept = std::move(kept_.back());
      kept_.pop_back();
      return kept;
    }
  }
  return {std::make_unique_for_overwrite<char[]>(BodyBuffer::kBytes), 0};
}

void BodyBuffers::put(BodyBuffer buffer) {
  MutexLock lock(mutex_);
  if (kept_.size() < kMostKept) kept_.push_back(std::move(buffer));
}

void BodyBuffers::release() {
  std::vector<BodyBuffer> kept;
  MutexLock lock(mutex_);
  kept_.swap(kept);
}

}  // namespace freshet::clickhouse
