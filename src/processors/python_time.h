// Instants as the reference's Python keeps them: microseconds since 1970 UTC (python_common 8 and 9).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "processors/processors_settings.h"
#include "processors/python_json.h"

namespace freshet::processors {

// "Instant": seconds since 1970. None: no number, or outside the years 1 to 9999.
std::optional<int64_t> instant_of(const PythonValue& seconds);
std::optional<int64_t> instant_of_seconds(int64_t seconds);
// "ParseTime": `2099-06-01T12:26:40.5Z`, the fraction is required. None: no such text.
std::optional<int64_t> parse_python_time(std::string_view text);

// What a DateTime column can hold.
bool is_in_window(int64_t instant);
int64_t instant_now(const Clock& clock);

// "Stamp": `YYYY-MM-DD hh:mm:ss`, the fraction cut off toward the past.
class Stamp {
 public:
  explicit Stamp(int64_t instant);
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 24> text_;
  size_t size_;
};

// Whole milliseconds of a second, 0 to 999.
int64_t milliseconds_within_second(int64_t instant);
// Milliseconds of a difference in microseconds, by way of a double as the reference does it: some come out one less.
int64_t milliseconds_of(int64_t microseconds);

// "Retention": for how many days something that happened at `when` is kept.
struct Retention {
  enum class Age { Kept, TooOld, NotComputable };
  Age age = Age::Kept;
  const PythonValue* own = nullptr;  // the message's own number (or boolean), if that is what counts
  int64_t days = 0;
};
// `missing`: what counts when there is no value at all; none = the configured default.
Retention retention_of(const PythonValue* value, std::optional<int64_t> missing, int64_t when,
                       const ProcessorsSettings& settings, const Clock& clock);

}  // namespace freshet::processors
