#include "processors/python/python_time.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

#include "processors/json/utf8.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_unicode.h"
#include "processors/values/date_time.h"

namespace freshet::processors {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kFirstSecond = -62'135'596'800;  // the first second of the year 1
constexpr int64_t kPastSeconds = 253'402'300'800;  // the first second of the year 10000

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Parses the parts of a time. Accepts digits of other scripts only where Python's patterns do.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  bool literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool letter(char upper) { return literal(upper) || literal(static_cast<char>(upper | 0x20)); }
  // ASCII only.
  std::optional<int> digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }
  std::optional<int> any_digit() {
    if (rest_.empty()) return std::nullopt;
    if (static_cast<unsigned char>(rest_.front()) < 0x80) return digit();
    std::string_view after = rest_;
    const int value = unicode_digit(take_code_point(after));
    if (value < 0) return std::nullopt;
    rest_ = after;
    return value;
  }
  // One or two digits. The second may be of any script if the first is at most `most_tens`; so may a single digit if
  // `any_only`.
  std::optional<int> number(int most_tens, bool any_only) {
    const auto first = digit();
    if (!first) return any_only ? any_digit() : std::nullopt;
    const auto second = *first >= 1 - (any_only ? 1 : 0) && *first <= most_tens ? any_digit() : digit();
    return second ? *first * 10 + *second : *first;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<int> read_year(TimeText& text) {
  int year = 0;
  for (int i = 0; i < 4; ++i) {
    const auto digit = text.any_digit();
    if (!digit) return std::nullopt;
    year = year * 10 + *digit;
  }
  return year;
}

std::optional<int64_t> read_fraction(TimeText& text) {
  int64_t micros = 0;
  int digits = 0;
  for (; digits < 6; ++digits) {
    const auto digit = text.digit();
    if (!digit) break;
    micros = micros * 10 + *digit;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

// Seconds since 1970 of the start of the day.
std::optional<int64_t> read_date(TimeText& text) {
  const auto year = read_year(text);
  if (!year || !text.literal('-')) return std::nullopt;
  const auto month = text.number(0, false);
  if (!month || !text.literal('-')) return std::nullopt;
  const bool padded = text.literal(' ');
  const auto day = padded ? text.digit() : text.number(2, false);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (*year < 1 || !date.ok()) return std::nullopt;
  return days_from_civil(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)) * kDaySeconds;
}

std::optional<int64_t> read_clock(TimeText& text) {
  const auto hour = text.number(1, true);
  if (!hour || *hour > 23 || !text.literal(':')) return std::nullopt;
  const auto minute = text.number(5, true);
  if (!minute || *minute > 59 || !text.literal(':')) return std::nullopt;
  const auto second = text.number(5, true);
  if (!second || *second > 59) return std::nullopt;
  return (*hour * 60 + *minute) * 60 + *second;
}

// The message's own days if it has any and, if retention is enforced, they are valid.
Retention days_of(const PythonValue* value, std::optional<int64_t> missing, const ProcessorsSettings& settings) {
  const SnubaEnvironment& environment = settings.environment;
  Retention out;
  if (value == nullptr) {
    out.days = missing.value_or(environment.default_retention_days);
  } else if (value->kind() == PythonValue::Kind::Integer || value->is_bool()) {
    out.own = value;
    out.days = to_i64(*value);
  } else {
    out.days = environment.default_retention_days;
  }
  const bool valid = out.days >= 0 && out.days <= UINT16_MAX &&
                     environment.valid_retention_days.contains(static_cast<uint16_t>(out.days));
  if (!settings.python_rules.enforce_retention || valid) return out;
  out.own = nullptr;
  out.days = out.days <= environment.lower_retention_days ? environment.lower_retention_days
                                                          : environment.default_retention_days;
  return out;
}

}  // namespace

std::optional<int64_t> instant_of_seconds(int64_t seconds) {
  if (seconds < kFirstSecond || seconds >= kPastSeconds) return std::nullopt;
  return seconds * kMicros;
}

std::optional<int64_t> instant_of(const PythonValue& seconds) {
  if (!seconds.is_number()) return std::nullopt;
  if (seconds.kind() != PythonValue::Kind::Float) return instant_of_seconds(to_i64(seconds));
  const double number = to_double(seconds);
  if (!(std::fabs(number) < 1e15)) return std::nullopt;
  const double whole = std::trunc(number);
  double micros = std::nearbyint((number - whole) * 1e6);  // to the nearest, ties to even
  auto second = static_cast<int64_t>(whole);
  if (micros >= 1e6) {
    micros -= 1e6;
    ++second;
  }
  if (micros < 0) {
    micros += 1e6;
    --second;
  }
  const auto instant = instant_of_seconds(second);
  return instant ? std::optional(*instant + static_cast<int64_t>(micros)) : std::nullopt;
}

std::optional<int64_t> parse_python_time(std::string_view view) {
  TimeText text(view);
  const auto day = read_date(text);
  if (!day || !text.letter('T')) return std::nullopt;
  const auto seconds = read_clock(text);
  if (!seconds || !text.literal('.')) return std::nullopt;
  const auto micros = read_fraction(text);
  if (!micros || !text.letter('Z') || !text.at_end()) return std::nullopt;
  return (*day + *seconds) * kMicros + *micros;
}

// Python truncates toward zero, so a negative fraction of a second is accepted.
bool is_in_window(int64_t instant) { return instant > -kMicros && instant < 4'294'967'296 * kMicros; }

int64_t Stamp::seconds() const { return floor_div(instant, kMicros); }

std::string_view Stamp::text(Room& room) const {
  const char* const end = write_calendar_time(seconds(), 1, room.data());  // years below 1000 are not padded
  return {room.data(), static_cast<size_t>(end - room.data())};
}

int64_t milliseconds_within_second(int64_t instant) { return (instant - floor_div(instant, kMicros) * kMicros) / 1000; }

int64_t milliseconds_of(int64_t microseconds) {
  constexpr int64_t kExact = int64_t{1} << 53;
  double seconds = static_cast<double>(microseconds) / 1e6;
  if (microseconds >= kExact || microseconds <= -kExact) {
    // A number this large is not exact as a double. Reading the quotient as a decimal fraction rounds it only once.
    std::array<char, 32> text;
    const int64_t whole = microseconds / kMicros;
    const char* const end = fmt::format_to(text.data(), "{}.{:06}", whole, std::abs(microseconds % kMicros));
    std::from_chars(text.data(), end, seconds);
  }
  return static_cast<int64_t>(seconds * 1000.0);
}

Retention retention_of(const PythonValue* value, std::optional<int64_t> missing, int64_t when,
                       const ProcessorsSettings& settings, const GeneratedValues& values) {
  Retention out = days_of(value, missing, settings);
  if (settings.python_rules.keep_old_events || !values.has_time()) return out;
  const int64_t now = values.now_us();
  if (!is_in_window(when)) when = now;
  constexpr int64_t kMostDays = 10'000'000;  // more days leave the years 1 to 9999 from any date
  const bool sane = out.days > -kMostDays && out.days < kMostDays;
  const int64_t limit = sane ? now - out.days * kDaySeconds * kMicros : 0;
  if (!sane || limit < kFirstSecond * kMicros || limit >= kPastSeconds * kMicros) {
    out.age = Retention::Age::NotComputable;
  } else if (when < limit) {
    out.age = Retention::Age::TooOld;
  }
  return out;
}

}  // namespace freshet::processors
