// Times in messages (common 5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace freshet::processors {

// An instant: floor seconds since 1970 UTC, and 0 <= nanoseconds; a leap second is 59 and nanoseconds >= 1e9.
struct Instant {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int64_t floor_milliseconds() const { return seconds * 1000 + nanoseconds / 1'000'000; }
};

// The reference's grammar for `2023-03-28T18:50:49.442341621Z`, the whole text; none when it does not match.
std::optional<Instant> parse_date_time(std::string_view text);

// Days since 1970-01-01 of a date that exists (proleptic Gregorian).
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);

}  // namespace freshet::processors
