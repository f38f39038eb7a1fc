// Times in messages (docs/snuba-data-sets.md, 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace freshet::processors {

// Seconds since 1970 UTC, rounded down, and nanoseconds >= 0. A leap second is second 59 with nanoseconds >= 1e9.
struct Instant {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int64_t floor_milliseconds() const { return seconds * 1000 + nanoseconds / 1'000'000; }
};

// Parses text such as `2023-03-28T18:50:49.442341621Z`; none if any part of the text does not match.
std::optional<Instant> parse_date_time(std::string_view text);

// Writes the time, in seconds since 1970 UTC, as `2023-03-28 18:50:49`, with as many digits as the year has, but at
// least `year_digits`. Returns the end; `out` has room for seven bytes more.
char* write_calendar_time(int64_t seconds, int year_digits, char* out);

// Days since 1970-01-01 of an existing date (proleptic Gregorian calendar).
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);

}  // namespace freshet::processors
