// Dates and times: how current servers read integers and text, with date_time_input_format=best_effort.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "clickhouse/column_type.h"
#include "columns/type_name.h"

namespace freshet::clickhouse {
namespace {

using Kind = JsonValue::Kind;
__extension__ using Wide = __int128;

constexpr int64_t kDay = 86'400;
constexpr int64_t kLastOfDate = 65'535;             // 2149-06-06
constexpr int64_t kLastOfDateTime = 4'294'967'295;  // 2106-02-07 06:28:15
constexpr int64_t kFirstOfDate32 = -25'567;         // 1900-01-01
constexpr int64_t kLastOfDate32 = 120'529;          // 2299-12-31
constexpr int64_t kLastOfTime = 999 * 3600 + 59 * 60 + 59;

struct Range {
  int64_t first;
  int64_t last;
  bool holds(Wide value) const { return value >= first && value <= last; }
};

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// None: not an integer. A number beyond the range of all these types saturates.
std::optional<int64_t> ticks_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (!all_digits(text.substr(negative ? 1 : 0))) return std::nullopt;
  int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) return value;
  return negative ? INT64_MIN : INT64_MAX;
}

// What was read from the start of a text: a date, then a time of day.
struct Moment {
  bool day_exists = false;
  int64_t days = 0;     // since 1970
  int64_t seconds = 0;  // of the day, minus the zone's offset
  bool time_exists = true;
  std::string_view rest;
};

bool take_number(std::string_view& text, size_t least, size_t most, int& out) {
  size_t count = 0;
  while (count < text.size() && count < most && text[count] >= '0' && text[count] <= '9') ++count;
  if (count < least) return false;
  std::from_chars(text.data(), text.data() + count, out);
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// 2024-01-02, 2024/1/2 or 20240102.
std::optional<Moment> date_of(std::string_view text) {
  int year = 0, month = 0, day = 0;
  if (!take_number(text, 4, 4, year)) return std::nullopt;
  const bool separated = take(text, "-/.");
  const size_t least = separated ? 1 : 2;
  if (!take_number(text, least, 2, month)) return std::nullopt;
  if (separated && !take(text, "-/.")) return std::nullopt;
  if (!take_number(text, least, 2, day)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  Moment out;
  out.day_exists = date.ok();
  if (date.ok()) out.days = std::chrono::sys_days(date).time_since_epoch().count();
  out.rest = text;
  return out;
}

// After a date: hh:mm:ss, a fraction, and Z or +hh:mm. Unread text stays in `rest`.
void read_clock(Moment& moment) {
  std::string_view text = moment.rest;
  int hour = 0, minute = 0, second = 0;
  if (!take(text, "T ") || !take_number(text, 1, 2, hour) || !take(text, ":") || !take_number(text, 2, 2, minute)) {
    return;
  }
  if (take(text, ":") && !take_number(text, 2, 2, second)) return;
  if (take(text, ".,")) text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  int zone = 0, zone_minute = 0;
  const bool behind = text.starts_with('-');
  if (take(text, "+-")) {
    if (!take_number(text, 2, 2, zone)) return;
    take(text, ":");
    take_number(text, 2, 2, zone_minute);
  } else {
    take(text, "Z");
  }
  const int64_t offset = zone * 3600 + zone_minute * 60;
  moment.seconds = hour * 3600 + minute * 60 + second + (behind ? offset : -offset);
  moment.time_exists = hour < 24 && minute < 60 && second < 60;
  moment.rest = text;
}

// "Jan 2 2024", "Mon, 02 Jan 2024": unambiguous.
bool names_a_month(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::any_of(kMonths.begin(), kMonths.end(),
                     [&](std::string_view month) { return lower.find(month) != std::string::npos; });
}

// Date and Date32 count days.
void add_date_mismatches(Range range, bool is_signed, const JsonValue& value, Mismatches& out) {
  if (value.kind == Kind::Number) {
    const auto days = ticks_of(value.text);
    if (!days) {
      out.insert(Mismatch::FractionForTime);
    } else if (!is_signed && value.text.starts_with('-')) {
      out.insert(Mismatch::NegativeForUnsigned);
    } else if (!range.holds(*days)) {
      out.insert(Mismatch::AnotherTime);
    }
    return;
  }
  if (value.kind == Kind::Bool) {
    out.insert(Mismatch::AnotherTime);
    return;
  }
  const auto date = value.is_string() ? date_of(value.text) : std::nullopt;
  if (!date || !date->rest.empty()) {
    out.insert(Mismatch::NotATime);
  } else if (!date->day_exists || !range.holds(date->days)) {
    out.insert(Mismatch::AnotherTime);
  }
}

int64_t power_of_ten(int exponent) {
  int64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// True if the number, counted in this unit, is a time from 2000 to 2100.
bool is_moment_in(int64_t number, int64_t ticks_per_second) {
  const int64_t seconds = number / ticks_per_second;
  return seconds >= 946'684'800 && seconds < 4'102'444'800;
}

// An integer counts ticks. If it is in another unit, the server does not reject it but stores a time soon after 1970.
bool is_of_another_unit(int64_t ticks, int64_t ticks_per_second) {
  constexpr int64_t kTenYears = 10 * 365 * kDay;
  if (ticks <= 0 || ticks / ticks_per_second > kTenYears) return false;
  for (const int exponent : {0, 3, 6, 9}) {
    if (power_of_ten(exponent) != ticks_per_second && is_moment_in(ticks, power_of_ten(exponent))) return true;
  }
  return false;
}

void add_time_text_mismatches(std::string_view text, Range seconds, int precision, Mismatches& out) {
  if (text.find_first_of("0123456789") == std::string_view::npos || text.starts_with('-')) {
    out.insert(Mismatch::NotATime);
    return;
  }
  if (all_digits(text)) {
    if (text.size() <= 2)
      out.insert(text.find_first_not_of('0') == text.npos ? Mismatch::NotATime : Mismatch::AnotherTime);
    if (text.size() == 11) out.insert(Mismatch::NotATime);
    const bool of_seconds = text.size() == 9 || text.size() == 10;
    if (of_seconds && !seconds.holds(*ticks_of(text))) out.insert(Mismatch::AnotherTime);
    return;  // the number of digits decides: a year, a date, date and time, or seconds to microseconds
  }
  const size_t point = text.find('.');
  if (point != text.npos && point >= 9 && all_digits(text.substr(0, point)) && all_digits(text.substr(point + 1))) {
    if (precision < 0) out.insert(Mismatch::NotATime);  // only DateTime64 accepts seconds with a fraction
    return;
  }
  auto moment = date_of(text);
  if (!moment) {
    if (!names_a_month(text)) out.insert(Mismatch::GuessedTime);
    return;
  }
  read_clock(*moment);
  if (!moment->rest.empty()) return;
  if (!moment->day_exists) {
    out.insert(Mismatch::NotATime);
    return;
  }
  const Wide at = Wide{moment->days} * kDay + moment->seconds;
  if (precision > 0 && at * power_of_ten(precision) > INT64_MAX) {
    out.insert(Mismatch::NotATime);
  } else if (!moment->time_exists || !seconds.holds(at)) {
    out.insert(Mismatch::AnotherTime);
  }
}

// `precision` is that of a DateTime64; -1: a DateTime.
void add_moment_mismatches(Range seconds, int precision, const JsonValue& value, Mismatches& out) {
  if (value.is_string()) return add_time_text_mismatches(value.text, seconds, precision, out);
  if (value.kind != Kind::Number) {
    out.insert(Mismatch::NotATime);
    return;
  }
  const auto ticks = ticks_of(value.text);
  if (!ticks) {
    out.insert(Mismatch::FractionForTime);
    return;
  }
  const int64_t per_second = power_of_ten(std::max(precision, 0));
  const Range range{seconds.first * per_second,
                    precision == 9 ? INT64_MAX : seconds.last * per_second + (per_second - 1)};
  const bool saturated = *ticks == INT64_MAX && value.text != std::to_string(INT64_MAX);
  if (saturated || !range.holds(*ticks) || is_of_another_unit(*ticks, per_second)) out.insert(Mismatch::AnotherTime);
}

void add_time_of_day_mismatches(int precision, const JsonValue& value, Mismatches& out) {
  if (value.is_string()) {
    // 12:34:56 or seconds; only Time64 accepts a fraction.
    const std::string_view text = value.text;
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    const bool time = !digits.empty() && digits.find_first_not_of(precision < 0 ? "0123456789:" : "0123456789:.") ==
                                             std::string_view::npos;
    if (!time) out.insert(Mismatch::NotATime);
    return;
  }
  const auto ticks = value.kind == Kind::Number ? ticks_of(value.text) : std::nullopt;
  if (!ticks) {
    out.insert(value.kind == Kind::Number ? Mismatch::FractionForTime : Mismatch::NotATime);
    return;
  }
  const int64_t per_second = power_of_ten(std::max(precision, 0));
  const int64_t last = kLastOfTime * per_second + (per_second - 1);
  if (*ticks > last || *ticks < -last) out.insert(Mismatch::AnotherTime);
}

int precision_of(const columns::TypeParts& type) {
  int precision = 3;
  if (!type.arguments.empty()) {
    std::from_chars(type.arguments[0].data(), type.arguments[0].data() + type.arguments[0].size(), precision);
  }
  return std::clamp(precision, 0, 9);
}

}  // namespace

bool is_time_type(std::string_view type) {
  constexpr std::array<std::string_view, 6> kTypes{"Date", "Date32", "DateTime", "DateTime64", "Time", "Time64"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

void add_time_mismatches(std::string_view type, const JsonValue& value, Mismatches& out) {
  const columns::TypeParts parts = columns::parts_of(type);
  if (parts.name == "Date") return add_date_mismatches({0, kLastOfDate}, false, value, out);
  if (parts.name == "Date32") return add_date_mismatches({kFirstOfDate32, kLastOfDate32}, true, value, out);
  if (parts.name == "DateTime") return add_moment_mismatches({0, kLastOfDateTime}, -1, value, out);
  if (parts.name == "Time") return add_time_of_day_mismatches(-1, value, out);
  if (parts.name == "Time64") return add_time_of_day_mismatches(precision_of(parts), value, out);
  const int precision = precision_of(parts);
  const int64_t last = precision == 9 ? INT64_MAX / 1'000'000'000 : (kLastOfDate32 + 1) * kDay - 1;
  add_moment_mismatches({kFirstOfDate32 * kDay, last}, precision, value, out);
}

}  // namespace freshet::clickhouse
