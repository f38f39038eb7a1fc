// The size of the largest of the messages that came last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace freshet::kafka {

// Threads: one at a time.
class RecentLargest {
 public:
  // It considers at least so many messages, if there were so many, and less than twice as many.
  static constexpr size_t kWindow = 4096;

  void add(uint64_t bytes) {
    if (count_ == kWindow) {
      before_ = std::exchange(now_, 0);
      count_ = 0;
    }
    now_ = std::max(now_, bytes);
    ++count_;
  }
  // 0: there was no message yet.
  uint64_t bytes() const { return std::max(before_, now_); }

 private:
  size_t count_ = 0;     // messages of this window
  uint64_t now_ = 0;     // the largest of them
  uint64_t before_ = 0;  // of the window before it
};

}  // namespace freshet::kafka
