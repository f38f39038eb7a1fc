#include "base/freed_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

namespace freshet {
namespace {

constexpr Duration kBetweenLooks = std::chrono::milliseconds(10);
constexpr uint64_t kWorthIt = 16 << 20;
constexpr int kLargeBlock = 8 << 20;
constexpr int kArenas = 2;  // with one, threads wait for each other

// The second number of proc_pid_statm(5), in pages.
std::optional<uint64_t> resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t all = 0;
  uint64_t resident = 0;
  if (!(statm >> all >> resident)) return std::nullopt;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void map_large_blocks() {
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, 2 * kLargeBlock);  // the default that belongs to this threshold
}

void share_freed_memory() { mallopt(M_ARENA_MAX, kArenas); }

void give_freed_memory_back() { malloc_trim(0); }

FreedMemory::System FreedMemory::real_system() { return {resident_bytes, give_freed_memory_back}; }

FreedMemory::FreedMemory(uint64_t keep_below, System system) : keep_below_(keep_below), system_(std::move(system)) {}

void FreedMemory::look(SteadyTime now) {
  if (now < next_look_) return;
  next_look_ = now + kBetweenLooks;
  const std::optional<uint64_t> bytes = system_.resident();
  if (!bytes) return;
  left_ = std::min(left_, *bytes);
  if (*bytes <= keep_below_ || *bytes < left_ + kWorthIt) return;
  system_.give_back();
  left_ = system_.resident().value_or(*bytes);
}

}  // namespace freshet
