#include "stream/message_limits.h"

#include <fmt/format.h>

namespace freshet::stream {

// During its insert a large message needs four times its size: the message, its row, the insert body, and the next
// message.
std::optional<std::string> too_large_to_process(uint64_t bytes, uint64_t memory_limit) {
  const uint64_t largest = (memory_limit + kBesideTheLimit) / 2;
  if (bytes <= largest) return std::nullopt;
  return fmt::format("it has {} bytes; with --memory-limit-bytes={} at most {} have room", bytes, memory_limit,
                     largest);
}

std::optional<std::string> too_large_to_insert(uint64_t rows, uint64_t bytes) {
  if (rows <= kMaxInsertRows && bytes <= kMaxInsertBytes) return std::nullopt;
  return fmt::format("{} rows in {} bytes; one insert takes {} rows and {} bytes", rows, bytes, kMaxInsertRows,
                     kMaxInsertBytes);
}

}  // namespace freshet::stream
