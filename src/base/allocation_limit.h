// Limits what one piece of work may allocate.
#pragma once

#include <cstdint>

namespace freshet {

// While an object lives, operator new of this thread throws std::bad_alloc once the thread has allocated `bytes` more
// than at construction. Not nestable. Threads: each has its own. Memory from malloc() is not counted.
class AllocationLimit {
 public:
  explicit AllocationLimit(uint64_t bytes);
  ~AllocationLimit();
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;

  // Bytes allocated since construction; negative if the thread freed more.
  int64_t grown() const;
};

}  // namespace freshet
