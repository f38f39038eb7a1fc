#include "processors/python/python_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "processors/json/utf8.h"
#include "processors/python/python_unicode.h"

namespace freshet::processors {
namespace {

using Kind = PythonValue::Kind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr size_t kMostDecimalDigits = 4300;
constexpr size_t kMostHexDigits = 3572;  // longer numbers have more than 4300 decimal digits

int sign_of(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

// Too large or too small for a double: the position of the first digit other than 0 decides.
double beyond_double(std::string_view literal) {
  const bool negative = literal.front() == '-';
  const size_t exponent_at = std::min(literal.find_first_of("eE"), literal.size());
  const std::string_view mantissa = literal.substr(0, exponent_at);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t first = mantissa.find_first_of("123456789");
  int64_t magnitude = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  if (exponent_at + 2 < literal.size()) {
    const char* const end = literal.data() + literal.size();
    const char* begin = literal.data() + exponent_at + 1;
    const bool down = *begin == '-';
    if (*begin == '-' || *begin == '+') ++begin;
    int64_t exponent = 0;
    if (std::from_chars(begin, end, exponent).ec != std::errc()) exponent = INT64_MAX / 2;
    magnitude += down ? -exponent : exponent;
  }
  const double value = magnitude > 0 ? kInfinity : 0.0;
  return negative ? -value : value;
}

double parse_double(std::string_view literal) {
  const bool negative = literal.front() == '-';
  switch (literal[negative ? 1 : 0]) {
    case 'N':
      return std::numeric_limits<double>::quiet_NaN();
    case 'I':
      return negative ? -kInfinity : kInfinity;
    default:
      break;
  }
  double value = 0;
  const auto code = std::from_chars(literal.data(), literal.data() + literal.size(), value).ec;
  return code == std::errc() && std::isfinite(value) ? value : beyond_double(literal);
}

// The literal of an integer or boolean.
std::string_view integer_literal(const PythonValue& value) {
  if (value.kind() == Kind::Integer) return value.view();
  return value.kind() == Kind::True ? "1" : "0";
}

int compare_digits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_integers(std::string_view a, std::string_view b) {
  const bool a_negative = a.front() == '-';
  const bool b_negative = b.front() == '-';
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  return a_negative ? compare_digits(b.substr(1), a.substr(1)) : compare_digits(a, b);
}

int compare_with_double(std::string_view integer, double value) {
  if (std::isnan(value)) return 1;
  if (std::isinf(value)) return value > 0 ? -1 : 1;
  constexpr size_t kFits = 18;
  if (integer.size() <= kFits) {
    if (std::fabs(value) >= kTwoTo63) return value > 0 ? -1 : 1;
    int64_t whole = 0;
    std::from_chars(integer.data(), integer.data() + integer.size(), whole);
    const double truncated = std::trunc(value);
    const auto other = static_cast<int64_t>(truncated);
    if (whole != other) return whole < other ? -1 : 1;
    return sign_of(truncated<value, truncated> value);
  }
  const std::string_view digits = integer.substr(integer.front() == '-' ? 1 : 0);
  if (digits.size() > kFits && std::fabs(value) < 1e18) return integer.front() == '-' ? -1 : 1;
  std::array<char, 320> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), std::trunc(value), std::chars_format::fixed, 0).ptr;
  const int order = compare_integers(integer, {text.data(), static_cast<size_t>(end - text.data())});
  if (order != 0) return order;
  return sign_of(std::trunc(value) < value, std::trunc(value) > value);
}

int64_t saturated(bool negative, std::string_view digits) {
  uint64_t magnitude = 0;
  if (!digits.empty() && std::from_chars(digits.data(), digits.data() + digits.size(), magnitude).ec != std::errc()) {
    magnitude = UINT64_MAX;
  }
  if (negative) return magnitude > INT64_MAX ? INT64_MIN : -static_cast<int64_t>(magnitude);
  return magnitude > INT64_MAX ? INT64_MAX : static_cast<int64_t>(magnitude);
}

bool is_python_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr std::array<int8_t, 256> make_hex_digits() {
  std::array<int8_t, 256> digits{};
  for (int8_t& digit : digits) digit = 99;
  for (size_t i = 0; i < 10; ++i) digits['0' + i] = static_cast<int8_t>(i);
  for (size_t i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<int8_t>(10 + i);
  return digits;
}
constexpr std::array<int8_t, 256> kHexDigits = make_hex_digits();

// 99 for a character that is not a hexadecimal digit.
int digit_of(char c) { return kHexDigits[static_cast<unsigned char>(c)]; }

// Maps text with non-ASCII characters before its digits are read, as Python does. False: it contains other characters.
bool to_ascii(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const uint32_t code = take_code_point(text);
    if (code < 0x7F) {
      out += static_cast<char>(code);
    } else if (is_unicode_space(code)) {
      out += ' ';
    } else if (const int digit = unicode_digit(code); digit >= 0) {
      out += static_cast<char>('0' + digit);
    } else {
      return false;
    }
  }
  return true;
}

std::string decimal_of(std::string_view hex) {
  constexpr uint64_t kBase = 1'000'000'000;
  constexpr size_t kAtATime = 7;  // digits per step; a limb times 16^7 fits 64 bits
  std::vector<uint64_t> limbs;    // least significant first
  while (!hex.empty()) {
    const std::string_view part = hex.substr(0, hex.size() % kAtATime == 0 ? kAtATime : hex.size() % kAtATime);
    hex.remove_prefix(part.size());
    uint64_t carry = 0;
    for (const char c : part) carry = carry << 4 | static_cast<uint64_t>(digit_of(c));
    for (uint64_t& limb : limbs) {
      const uint64_t value = (limb << (4 * part.size())) + carry;
      limb = value % kBase;
      carry = value / kBase;
    }
    if (carry != 0) limbs.push_back(carry);
  }
  std::string text = fmt::format("{}", limbs.back());
  for (size_t i = limbs.size() - 1; i-- > 0;) text += fmt::format("{:09}", limbs[i]);
  return text;
}

}  // namespace

double to_double(const PythonValue& number) {
  switch (number.kind()) {
    case Kind::True:
      return 1;
    case Kind::Integer:
    case Kind::Float:
      return parse_double(number.view());
    default:
      return 0;
  }
}

int64_t to_i64(const PythonValue& integer) {
  const std::string_view literal = integer_literal(integer);
  const bool negative = literal.front() == '-';
  return saturated(negative, literal.substr(negative ? 1 : 0));
}

int compare_numbers(const PythonValue& a, const PythonValue& b) {
  const bool a_float = a.kind() == Kind::Float;
  const bool b_float = b.kind() == Kind::Float;
  if (!a_float && !b_float) return compare_integers(integer_literal(a), integer_literal(b));
  if (!a_float) return compare_with_double(integer_literal(a), to_double(b));
  if (!b_float) return -compare_with_double(integer_literal(b), to_double(a));
  const double x = to_double(a);
  const double y = to_double(b);
  if (std::isnan(x) || std::isnan(y)) return sign_of(!std::isnan(y), !std::isnan(x));
  return sign_of(x<y, x> y);
}

std::optional<int64_t> integer_of(const PythonValue& value) {
  switch (value.kind()) {
    case Kind::True:
    case Kind::False:
    case Kind::Integer:
      return to_i64(value);
    case Kind::Float: {
      const double number = to_double(value);
      if (!std::isfinite(number)) return std::nullopt;
      if (std::fabs(number) >= kTwoTo63) return number > 0 ? INT64_MAX : INT64_MIN;
      return static_cast<int64_t>(number);
    }
    case Kind::String: {
      bool negative = false;
      std::string digits;
      if (!read_integer_text(value.view(), 10, negative, digits)) return std::nullopt;
      return saturated(negative, digits);
    }
    default:
      return std::nullopt;
  }
}

bool read_integer_text(std::string_view text, int base, bool& negative, std::string& digits) {
  std::string mapped;
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    if (!to_ascii(text, mapped)) return false;
    text = mapped;
  }
  while (!text.empty() && is_python_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_python_space(text.back())) text.remove_suffix(1);
  negative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
  }
  size_t written = 0;  // digits, including leading zeros
  bool digit_before = false;
  digits.clear();
  for (const char c : text) {
    if (c == '_' && digit_before) {
      digit_before = false;
      continue;
    }
    if (digit_of(c) >= base) return false;
    digit_before = true;
    ++written;
    if (c != '0' || !digits.empty()) digits += static_cast<char>(c <= '9' ? c : c | 0x20);
  }
  if (digits.empty()) negative = false;
  return digit_before && (base == 16 || written <= kMostDecimalDigits);
}

std::optional<HexInteger> HexInteger::parse(std::string_view text) {
  HexInteger out;
  const bool plain = !text.empty() && text.size() <= 16 &&
                     std::all_of(text.begin(), text.end(), [](char c) { return digit_of(c) < 16; });
  if (plain) {
    for (const char c : text) out.magnitude_ = out.magnitude_ << 4 | static_cast<uint64_t>(digit_of(c));
    return out;
  }
  std::string digits;
  if (!read_integer_text(text, 16, out.negative_, digits) || digits.size() > kMostHexDigits) return std::nullopt;
  if (digits.size() <= 16) {
    for (const char c : digits) out.magnitude_ = out.magnitude_ << 4 | static_cast<uint64_t>(digit_of(c));
    return out;
  }
  out.big_ = decimal_of(digits);
  if (out.big_.size() > kMostDecimalDigits) return std::nullopt;
  return out;
}

std::string_view HexInteger::digits(std::string& scratch) const {
  scratch.assign(negative_ ? 1 : 0, '-');
  scratch += big_.empty() ? fmt::format_int(magnitude_).c_str() : big_.c_str();
  return scratch;
}

int HexInteger::compare(const HexInteger& other) const {
  if (negative_ != other.negative_) return negative_ ? -1 : 1;
  int order = 0;
  if (big_.empty() && other.big_.empty()) {
    order = sign_of(magnitude_<other.magnitude_, magnitude_> other.magnitude_);
  } else if (big_.empty() || other.big_.empty()) {
    order = big_.empty() ? -1 : 1;
  } else {
    order = compare_digits(big_, other.big_);
  }
  return negative_ ? -order : order;
}

}  // namespace freshet::processors
