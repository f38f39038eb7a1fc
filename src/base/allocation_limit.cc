#include "base/allocation_limit.h"

#include <malloc.h>

#include <cstdlib>
#include <limits>
#include <new>

namespace freshet {
namespace {

// Constant-initialised, so that an allocation early or late in a thread's life needs no setup.
struct Count {
  int64_t left = 0;
  int64_t limit = 0;
  bool counts = false;
};
thread_local constinit Count count;

void* allocate(size_t size) {
  while (true) {
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

AllocationLimit::AllocationLimit(uint64_t bytes) {
  count.limit = static_cast<int64_t>(bytes);
  count.left = count.limit;
  count.counts = true;
}

AllocationLimit::~AllocationLimit() { count.counts = false; }

int64_t AllocationLimit::grown() const { return count.limit - count.left; }

}  // namespace freshet

// All forms except the aligned ones, whose pair is different, so that each block is freed as it was allocated.
void* operator new(size_t size) {
  using freshet::count;
  if (!count.counts) return freshet::allocate(size);
  if (size > static_cast<size_t>(std::numeric_limits<int64_t>::max()) || static_cast<int64_t>(size) > count.left) {
    throw std::bad_alloc();
  }
  void* const memory = freshet::allocate(size);
  count.left -= static_cast<int64_t>(malloc_usable_size(memory));
  return memory;
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }

void operator delete(void* memory) noexcept {
  if (freshet::count.counts && memory != nullptr) {
    freshet::count.left += static_cast<int64_t>(malloc_usable_size(memory));
  }
  std::free(memory);
}
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory, size_t) noexcept { operator delete(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { operator delete(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { operator delete(memory); }
