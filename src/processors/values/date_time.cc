#include "processors/values/date_time.h"

#include <algorithm>
#include <array>

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

// The usual form, `YYYY-MM-DDThh:mm:ss` with up to nine digits of fraction and a Z. None: try the complete parser.
std::optional<Instant> parse_usual(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size() || text.size() > kForm.size() + 11 || text.back() != 'Z') return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !is_digit(text[i]) : text[i] != kForm[i]) return std::nullopt;
  }
  const auto pair = [&](size_t i) { return (text[i] - '0') * 10 + (text[i + 1] - '0'); };
  int64_t nanoseconds = 0;
  const std::string_view fraction = text.substr(kForm.size(), text.size() - kForm.size() - 1);
  if (!fraction.empty()) {
    if (fraction[0] != '.' || fraction.size() < 2) return std::nullopt;
    for (size_t i = 1; i <= 9; ++i) {
      if (i < fraction.size() && !is_digit(fraction[i])) return std::nullopt;
      nanoseconds = nanoseconds * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    }
  }
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
