// Values of a row that need more than a C++ type: the same for every format.
#pragma once

#include <cstdint>
#include <optional>

#include "processors/json/json_reader.h"

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

// Ticks that Snuba keeps unsigned: it prints times before 1970 as huge numbers.
template <int kDigits>
struct WrappedTicks {
  uint64_t value = 0;
};

// A value that its row leaves out, with the name of its column, if there is none. The server then stores the default of
// the column.
template <typename T>
struct WhenThere {
  std::optional<T> value;
};
// As the last step of a column's path: column<&Event::trace_id, when_there>("trace_id").
inline constexpr auto when_there = []<typename T>(const std::optional<T>& value) { return WhenThere<T>{value}; };

// Of text, as the last step of a path: empty text instead of none.
inline constexpr auto or_empty = [](const std::optional<JsonString>& text) {
  return text.value_or(JsonString{"", true});
};

// Text: two parts with a point between them.
struct DottedText {
  JsonString before;
  JsonString after;
};

// An integer of 128 bits.
struct UInt128 {
  uint64_t high = 0;
  uint64_t low = 0;
};

// A map: `key` (text) and `value` of each element of `range`.
template <typename Range, typename Key, typename Value>
struct Pairs {
  Range range;
  Key key;
  Value value;
  bool empty() const { return range.empty(); }
};
template <typename Range, typename Key, typename Value>
Pairs(Range, Key, Value) -> Pairs<Range, Key, Value>;

// A value that its row leaves out, with the name of its column, if it is empty.
template <typename T>
struct UnlessEmpty {
  T value;
};
template <typename T>
UnlessEmpty(T) -> UnlessEmpty<T>;

// Text in a binary format: the value as JSON.
template <typename T>
struct AsJson {
  T value;
  bool empty() const { return value.empty(); }
};
template <typename T>
AsJson(T) -> AsJson<T>;

// An array: `get` of each element of `range`, which must outlive it.
template <typename Range, typename Get>
struct Elements {
  const Range& range;
  Get get;
};
template <typename Range, typename Get>
Elements(const Range&, Get) -> Elements<Range, Get>;

}  // namespace freshet::processors
