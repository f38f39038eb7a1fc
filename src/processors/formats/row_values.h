// Values of a row that need more than a C++ type: the same for every format.
#pragma once

#include <cstdint>

namespace freshet::processors {

// Seconds since 1970 UTC.
struct Seconds {
  uint32_t value = 0;
};

// A DateTime64(kDigits): ticks since 1970 UTC. `Int` is int64_t, or uint64_t if Snuba's type is unsigned.
template <int kDigits, typename Int = int64_t>
struct Ticks {
  Int value = 0;
};

// An array: `get` of each element of `range`, which must outlive it.
template <typename Range, typename Get>
struct Elements {
  const Range& range;
  Get get;
};
template <typename Range, typename Get>
Elements(const Range&, Get) -> Elements<Range, Get>;

}  // namespace freshet::processors
