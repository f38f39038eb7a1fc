// A bounded queue between threads.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace freshet {

// Threads: any. `capacity` counts items. A producer that must not block uses try_push; if it fails, the producer keeps
// the item. `on_push` is called after each push, outside the lock, to wake a consumer that waits elsewhere (noexcept).
template <typename T>
class Mailbox {
 public:
  explicit Mailbox(size_t capacity, std::function<void()> on_push = {})
      : capacity_(capacity), on_push_(std::move(on_push)) {}

  // False if full or closed; `item` is then unchanged.
  bool try_push(T& item) {
    {
      MutexLock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    announce();
    return true;
  }

  // Waits for space. False if closed or `stop` was requested; `item` is then unchanged.
  bool push(T& item, std::stop_token stop = {}) {
    {
      MutexLock lock(mutex_);
      room_.wait(mutex_, stop, [&]() REQUIRES(mutex_) { return closed_ || items_.size() < capacity_; });
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    announce();
    return true;
  }

  // Waits for an item; empty if `stop` was requested, or if the mailbox is closed and empty.
  std::optional<T> pop(std::stop_token stop = {}) {
    std::optional<T> item;
    {
      MutexLock lock(mutex_);
      filled_.wait(mutex_, stop, [&]() REQUIRES(mutex_) { return closed_ || !items_.empty(); });
      if (items_.empty() || stop.stop_requested()) return item;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    room_.notify_one();
    return item;
  }

  // Takes all items without waiting.
  void drain_into(std::vector<T>& out) {
    {
      MutexLock lock(mutex_);
      if (items_.empty()) return;
      for (T& item : items_) out.push_back(std::move(item));
      items_.clear();
    }
    room_.notify_all();
  }

  // Refuses further pushes. Waiting consumers get the remaining items, then nothing.
  void close() {
    {
      MutexLock lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
    room_.notify_all();
  }

  size_t size() const {
    MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  void announce() {
    filled_.notify_one();
    if (on_push_) on_push_();
  }

  const size_t capacity_;
  const std::function<void()> on_push_;
  mutable Mutex mutex_;
  CondVar filled_;
  CondVar room_;
  std::deque<T> items_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet
