// A bound for what one piece of work may allocate, whatever it is made of: texts, lists, trees.
#pragma once

#include <cstdint>

namespace freshet {

// While one lives, operator new of this thread throws std::bad_alloc once the thread holds `bytes` more than at the
// beginning. Not nested. Threads: each its own. Memory from malloc() itself is not counted.
class AllocationLimit {
 public:
  explicit AllocationLimit(uint64_t bytes);
  ~AllocationLimit();
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;

  // How much more the thread holds than at the beginning; below 0 where it freed more.
  int64_t grown() const;
};

}  // namespace freshet
