// Instants with Python's resolution: microseconds since 1970 UTC (docs/snuba-data-sets.md, 16).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "processors/processors_settings.h"
#include "processors/python/python_json.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// An instant from seconds since 1970. None: not a number, or outside the years 1 to 9999.
std::optional<int64_t> instant_of(const PythonValue& seconds);
std::optional<int64_t> instant_of_seconds(int64_t seconds);
// Parses `2099-06-01T12:26:40.5Z`; the fraction is required. None: other text.
std::optional<int64_t> parse_python_time(std::string_view text);

// True if a DateTime column can hold it.
bool is_in_window(int64_t instant);

// A time of which the fraction of its second is cut off.
struct Stamp {
  using Room = std::array<char, 32>;
  int64_t instant;

  int64_t seconds() const;
  // As `YYYY-MM-DD hh:mm:ss`.
  std::string_view text(Room& room) const;
};

// Whole milliseconds within the second, 0 to 999.
int64_t milliseconds_within_second(int64_t instant);
// Milliseconds of a difference in microseconds. Calculated with doubles as in Snuba: some results are one less.
int64_t milliseconds_of(int64_t microseconds);

// How many days an event is stored.
struct Retention {
  enum class Age { Kept, TooOld, NotComputable };
  Age age = Age::Kept;
  const PythonValue* own = nullptr;  // the message's own number (or boolean) if it is used
  int64_t days = 0;
};
// The retention of an event with the time `when`. `missing`: the days if the message has no value; none = the
// configured default.
Retention retention_of(const PythonValue* value, std::optional<int64_t> missing, int64_t when,
                       const ProcessorsSettings& settings, const GeneratedValues& values);

}  // namespace freshet::processors
