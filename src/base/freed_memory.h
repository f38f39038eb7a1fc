// Returns freed memory to the system. The C library's allocator keeps it, up to 64 MiB in each of eight arenas per core
// (mallopt(3)). Reusing memory is cheaper than touching new memory, until the process has far more than it uses.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"

namespace freshet {

// From now on maps blocks of 8 MiB and more separately, so that each returns to the system when it is freed. By default
// the allocator keeps blocks of up to 32 MiB after it has freed the first one (mallopt(3), M_MMAP_THRESHOLD). Call it
// at the start of the process. Smaller blocks keep the default behaviour.
void map_large_blocks();

// From now on all threads share two arenas. By default each has its own, and what messages, rows, columns and bodies
// leave free in the arena of one thread no other thread can use. Call it before there are other threads.
void share_freed_memory();

// Returns all freed memory now. Later allocations touch new memory. Threads: any.
void give_freed_memory_back();

class FreedMemory {
 public:
  // `resident` returns the memory of the process in bytes (nullopt = unknown); `give_back` returns freed memory.
  struct System {
    std::function<std::optional<uint64_t>()> resident;
    std::function<void()> give_back;
  };
  static System real_system();

  explicit FreedMemory(uint64_t keep_below, System system = real_system());

  // Returns freed memory if the process has more than `keep_below` bytes, and 16 MiB more than after the last time, so
  // that it does not search repeatedly without success. Checks at most every ten milliseconds, so it may be called
  // often. Threads: one at a time.
  void look(SteadyTime now);

 private:
  const uint64_t keep_below_;
  const System system_;
  SteadyTime next_look_{};
  uint64_t left_ = 0;  // bytes after the last time
};

}  // namespace freshet
