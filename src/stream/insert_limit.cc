#include "stream/insert_limit.h"

#include <algorithm>

#include "stream/message_limits.h"

namespace freshet::stream {
namespace {

constexpr Duration kRaiseAfter = std::chrono::minutes(5);
// A smaller insert that fails says more about its messages than about the server: do not limit later batches below
// this.
constexpr uint64_t kSmallest = uint64_t{16} * 1024;

}  // namespace

uint64_t InsertLimit::bytes(SteadyTime now) {
  MutexLock lock(mutex_);
  while (limit_ != UINT64_MAX && now - changed_at_ >= kRaiseAfter) {
    limit_ = limit_ > kMaxInsertBytes / 2 ? UINT64_MAX : limit_ * 2;
    changed_at_ += kRaiseAfter;
  }
  return limit_;
}

void InsertLimit::too_large(uint64_t bytes, SteadyTime now) {
  MutexLock lock(mutex_);
  const uint64_t half = std::max(bytes / 2, kSmallest);
  if (half >= limit_) return;  // an insert that began before the limit was found
  limit_ = half;
  changed_at_ = now;
}

}  // namespace freshet::stream
