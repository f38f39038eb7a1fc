// An immutable value that one thread replaces and many threads read.
#pragma once

#include <memory>
#include <utility>

#include "base/mutex.h"

namespace freshet {

// Threads: any. Uses a mutex instead of std::atomic<std::shared_ptr>, because ThreadSanitizer reports a race inside
// that of libstdc++ 12.
template <typename T>
class Snapshot {
 public:
  explicit Snapshot(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  std::shared_ptr<const T> get() const {
    MutexLock lock(mutex_);
    return value_;
  }
  void set(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    MutexLock lock(mutex_);
    value_.swap(next);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ GUARDED_BY(mutex_);
};

}  // namespace freshet
