#include "processors/values/date_time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "processors/json/json_digits.h"

namespace freshet::processors {
namespace {

class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Unicode White_Space.
  void skip_space() {
    while (const size_t size = space_size()) at_ += size;
  }
  // Reads up to `most` digits. False if there is none.
  bool number(size_t most, int64_t& out) {
    const size_t begin = at_;
    out = 0;
    for (; at_ - begin < most && is_digit(peek()); ++at_) {
      if (out < 1'000'000'000'000) out = out * 10 + (text_[at_] - '0');
    }
    return at_ != begin;
  }
  bool padded_number(size_t most, int64_t& out) {
    skip_space();
    return number(most, out);
  }

 private:
  size_t space_size() const {
    const std::string_view rest = text_.substr(at_);
    if (rest.empty()) return 0;
    const char c = rest[0];
    if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
    for (const std::string_view space : {"\xC2\x85", "\xC2\xA0"}) {
      if (rest.starts_with(space)) return 2;
    }
    if (rest.size() < 3) return 0;
    if (rest.starts_with("\xE2\x80")) {
      const auto last = static_cast<unsigned char>(rest[2]);
      return (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF ? 3 : 0;
    }
    for (const std::string_view space : {"\xE1\x9A\x80", "\xE2\x81\x9F", "\xE3\x80\x80"}) {
      if (rest.starts_with(space)) return 3;
    }
    return 0;
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool read_year(TimeScanner& scan, int64_t& year) {
  scan.skip_space();
  const bool minus = scan.peek() == '-';
  const bool sign = minus || scan.peek() == '+';
  if (sign) scan.take(scan.peek());
  if (!scan.number(sign ? SIZE_MAX : 4, year)) return false;
  if (minus) year = -year;
  return year >= -262143 && year <= 262142;
}

// The first nine digits count; there must be at least one.
bool read_fraction(TimeScanner& scan, int64_t& nanoseconds) {
  int64_t ignored = 0;
  int digits = 0;
  for (; digits < 9 && is_digit(scan.peek()); ++digits) {
    scan.number(1, ignored);
    nanoseconds = nanoseconds * 10 + ignored;
  }
  if (digits == 0) return false;
  for (; digits < 9; ++digits) nanoseconds *= 10;
  scan.number(SIZE_MAX, ignored);
  return true;
}

unsigned days_in_month(int64_t year, int64_t month) {
  constexpr std::array<unsigned, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month - 1)];
}

}  // namespace

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

char* write_calendar_time(int64_t seconds, int year_digits, char* out) {
  const auto time = std::chrono::sys_seconds(std::chrono::seconds(seconds));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto put = [&out](uint64_t value, char after) {
    out = write_digits(value, 2, out);
    *out++ = after;
  };
  const auto year = static_cast<uint64_t>(std::max(int{date.year()}, 0));
  out = year < kPowersOfTen[static_cast<size_t>(year_digits)] ? write_digits(year, year_digits, out)
                                                              : write_u64(year, out);
  *out++ = '-';
  put(unsigned{date.month()}, '-');
  put(unsigned{date.day()}, ' ');
  put(static_cast<uint64_t>(clock.hours().count()), ':');
  put(static_cast<uint64_t>(clock.minutes().count()), ':');
  return write_digits(static_cast<uint64_t>(clock.seconds().count()), 2, out);
}

namespace {

std::optional<Instant> instant_of(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute,
                                  int64_t second, int64_t nanoseconds) {
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  Instant instant;
  instant.nanoseconds = nanoseconds;
  if (second == 60) {
    second = 59;
    instant.nanoseconds += 1'000'000'000;
  }
  const int64_t days = days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  instant.seconds = days * 86400 + hour * 3600 + minute * 60 + second;
  return instant;
}

// Eight characters of a form, in which 0 stands for any digit.
class TextForm {
 public:
  consteval explicit TextForm(std::string_view form) {
    for (size_t i = 0; i < 8; ++i) {
      characters_ |= uint64_t{static_cast<unsigned char>(form[i])} << (8 * i);
      to_top_ |= uint64_t{form[i] == '0' ? 0x80u - 10 : 0x80u - 1} << (8 * i);
    }
  }
  // 0 if the eight characters are of this form.
  uint64_t differences(uint64_t characters) const {
    characters ^= characters_;
    return ((characters + to_top_) | characters) & 0x8080808080808080;
  }

 private:
  uint64_t characters_ = 0;
  uint64_t to_top_ = 0;  // added to a wrong character, sets its top bit
};

uint64_t eight_characters(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

// The usual form, `YYYY-MM-DDThh:mm:ss` with up to nine digits of fraction and a Z. None: try the complete parser.
std::optional<Instant> parse_usual(std::string_view text) {
  constexpr TextForm kDate("0000-00-"), kDay("00T00:00"), kTime("00:00:00"), kDigits("00000000");
  constexpr size_t kSeconds = 19;  // the size of the form up to them
  if (text.size() <= kSeconds || text.size() > kSeconds + 11 || text.back() != 'Z') return std::nullopt;
  const char* const at = text.data();
  uint64_t wrong = kDate.differences(eight_characters(at)) | kDay.differences(eight_characters(at + 8)) |
                   kTime.differences(eight_characters(at + 11));
  int64_t nanoseconds = 0;
  if (const size_t count = text.size() - kSeconds - 2; text.size() > kSeconds + 1) {
    if (at[kSeconds] != '.' || count == 0) return std::nullopt;
    // The last eight digits, or all of them with zeros behind.
    uint64_t digits = eight_characters(at + text.size() - 9) ^ kEightZeros;
    if (count < 8) digits >>= 8 * (8 - count);
    wrong |= kDigits.differences(digits ^ kEightZeros);
    nanoseconds = static_cast<int64_t>(eight_digits(digits)) * (count < 9 ? 10 : 1);
    if (count == 9) {
      if (!is_digit(at[kSeconds + 1])) return std::nullopt;
      nanoseconds += (at[kSeconds + 1] - '0') * int64_t{kTenToEight};
    }
  }
  if (wrong != 0) return std::nullopt;
  const auto pair = [at](size_t i) { return (at[i] - '0') * 10 + (at[i + 1] - '0'); };
  return instant_of(pair(0) * 100 + pair(2), pair(5), pair(8), pair(11), pair(14), pair(17), nanoseconds);
}

}  // namespace

std::optional<Instant> parse_date_time(std::string_view text) {
  if (const auto usual = parse_usual(text)) return usual;
  TimeScanner scan(text);
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (!read_year(scan, year) || !scan.take('-') || !scan.padded_number(2, month) || !scan.take('-') ||
      !scan.padded_number(2, day) || !scan.take('T') || !scan.padded_number(2, hour) || !scan.take(':') ||
      !scan.padded_number(2, minute) || !scan.take(':') || !scan.padded_number(2, second)) {
    return std::nullopt;
  }
  int64_t nanoseconds = 0;
  if (scan.take('.') && !read_fraction(scan, nanoseconds)) return std::nullopt;
  if (!scan.take('Z') || !scan.at_end()) return std::nullopt;
  return instant_of(year, month, day, hour, minute, second, nanoseconds);
}

}  // namespace freshet::processors
