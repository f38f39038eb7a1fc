// Integers with distinct types, so that they cannot be confused.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace freshet {

// Index of a partition within its topic, >= 0.
struct Partition {
  int32_t value = 0;
  auto operator<=>(const Partition&) const = default;
};

// Offset of a message within its partition, >= 0. A committed offset is that of the next message to read.
struct Offset {
  int64_t value = 0;
  auto operator<=>(const Offset&) const = default;
  Offset next() const { return Offset{value + 1}; }
};

// Identifies one assignment of a partition within this process. Results of an earlier assignment are ignored.
struct AssignmentId {
  uint64_t value = 0;
  auto operator<=>(const AssignmentId&) const = default;
};

}  // namespace freshet

template <>
struct std::hash<freshet::Partition> {
  size_t operator()(freshet::Partition p) const noexcept { return std::hash<int32_t>()(p.value); }
};
