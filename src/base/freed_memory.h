// The C library's allocator keeps memory that was freed, up to 64 MiB in each of eight arenas a core (mallopt(3)):
// cheaper than to touch new memory, until the process is far above what it holds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/clock.h"

namespace freshet {

// Blocks of 8 MiB and more are mapped one by one from now on, so that each goes back as soon as it is freed: by default
// the first one that is freed lets blocks of up to 32 MiB stay (mallopt(3), M_MMAP_THRESHOLD). At the start of the
// process; what is smaller is kept as by default.
void map_large_blocks();

// At once, all of it. What comes next touches new memory. Threads: any.
void give_freed_memory_back();

class FreedMemory {
 public:
  // How much memory the process has in bytes (none: unknown), and how it gives back what it does not hold.
  struct System {
    std::function<std::optional<uint64_t>()> resident;
    std::function<void()> give_back;
  };
  static System real_system();

  explicit FreedMemory(uint64_t keep_below, System system = real_system());

  // Gives freed memory back if the process has more than `keep_below` bytes, and 16 MiB more than when it gave back
  // last, so that it does not search again and again where nothing is free. Looks every ten milliseconds at most, so
  // that it may be called often. Threads: one at a time.
  void look(SteadyTime now);

 private:
  const uint64_t keep_below_;
  const System system_;
  SteadyTime next_look_{};
  uint64_t left_ = 0;  // bytes, when it gave back last
};

}  // namespace freshet
