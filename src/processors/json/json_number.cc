#include "processors/json/json_number.h"

#include <dragonbox/dragonbox.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

namespace freshet::processors {
namespace {

constexpr std::array<double, 23> kExactPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// The parts of a literal; digits beyond 64 bits are only counted.
struct Literal {
  bool negative = false;
  bool integer = true;    // no point, no exponent
  bool fits = true;       // the integer digits fit 64 bits
  bool exact = true;      // `digits` contains all digits
  uint64_t digits = 0;    // without the point
  int64_t exponent = 0;   // value = digits * 10^exponent, if exact
  int64_t magnitude = 0;  // decimal exponent of the first digit that is not 0, plus one
  bool zero = true;
};

const char* read_exponent(const char* at, Literal& literal, const char*& error) {
  bool down = false;
  if (*at == '+' || *at == '-') down = *at++ == '-';
  if (!is_digit(*at)) {
    error = "a number's exponent has no digits";
    return at;
  }
  int64_t exponent = 0;
  for (; is_digit(*at); ++at) {
    if (exponent < 1'000'000'000'000) exponent = exponent * 10 + (*at - '0');
  }
  literal.exponent += down ? -exponent : exponent;
  literal.magnitude += down ? -exponent : exponent;
  return at;
}

void take_digit(char c, Literal& literal) {
  const auto digit = static_cast<uint64_t>(c - '0');
  if (literal.digits < 1'844'674'407'370'955'161 || (literal.digits == 1'844'674'407'370'955'161 && digit <= 5)) {
    if (literal.exact) {
      literal.digits = literal.digits * 10 + digit;
      return;
    }
  }
  literal.exact = false;
}

// Fast path for nearly all literals: no exponent, and at most 19 digits, so that none is lost. Null: use the slow path.
[[gnu::always_inline]] inline const char* read_usual_literal(const char* at, Literal& literal) {
  constexpr ptrdiff_t kMostDigits = 19;
  if (*at == '-') {
    literal.negative = true;
    ++at;
  }
  const char* const integer = at;
  at = read_digits(at, literal.digits);
  if (at == integer || (*integer == '0' && at - integer > 1) || at - integer > kMostDigits) return nullptr;
  if (*at == '.') {
    literal.integer = false;
    const char* const fraction = at + 1;
    at = read_digits(fraction, literal.digits);
    if (at == fraction || at - integer > kMostDigits + 1) return nullptr;
    literal.exponent = fraction - at;
  }
  literal.zero = literal.digits == 0;
  return (*at | 0x20) == 'e' ? nullptr : at;
}

// A number without exponent that is short enough to be in range. Null: use the slow path.
const char* pass_short_number(const char* at) {
  constexpr ptrdiff_t kShort = 40;
  const char* const begin = at;
  if (*at == '-') ++at;
  const char* const digits = at;
  at = pass_digits(at);
  if (at == digits || (*digits == '0' && at - digits > 1)) return nullptr;
  if (*at == '.') {
    const char* const fraction = ++at;
    at = pass_digits(at);
    if (at == fraction) return nullptr;
  }
  return (*at | 0x20) == 'e' || at - begin > kShort ? nullptr : at;
}

const char* read_literal(const char* at, Literal& literal, const char*& error) {
  if (const char* const end = read_usual_literal(at, literal)) return end;
  literal = Literal();
  if (*at == '-') {
    literal.negative = true;
    ++at;
  }
  if (!is_digit(*at)) {
    error = "expected a number";
    return at;
  }
  if (*at == '0' && is_digit(at[1])) {
    error = "a number starts with 0";
    return at + 1;
  }
  const char* const integer = at;
  for (; is_digit(*at) && at - integer < 18; ++at)
    literal.digits = literal.digits * 10 + static_cast<uint64_t>(*at - '0');
  for (; is_digit(*at); ++at) take_digit(*at, literal);
  literal.fits = literal.exact;
  literal.zero = *integer == '0';  // only 0 itself starts with 0
  if (!literal.zero) literal.magnitude = at - integer;
  if (*at == '.') {
    literal.integer = false;
    if (!is_digit(*++at)) {
      error = "a number has no digits after its point";
      return at;
    }
    for (; is_digit(*at); ++at) {
      take_digit(*at, literal);
      --literal.exponent;
      if (literal.zero && *at == '0') --literal.magnitude;
      if (*at != '0') literal.zero = false;
    }
  }
  if (*at == 'e' || *at == 'E') {
    literal.integer = false;
    at = read_exponent(at + 1, literal, error);
  }
  return at;
}

bool has_exact_power(const Literal& literal) { return literal.exponent >= -22 && literal.exponent <= 22; }

// scaled() rounds only once.
bool is_exact(const Literal& literal) {
  constexpr uint64_t kExactDigits = uint64_t{1} << 53;
  return literal.exact && literal.digits <= kExactDigits && has_exact_power(literal);
}

// digits * 10^exponent. Rounds the digits to a double first.
double scaled(const Literal& literal) {
  const auto digits = static_cast<double>(literal.digits);
  const double size = literal.exponent < 0 ? digits / kExactPowers[static_cast<size_t>(-literal.exponent)]
                                           : digits * kExactPowers[static_cast<size_t>(literal.exponent)];
  return literal.negative ? -size : size;
}

// The largest double, 1.797e308, has this many digits before the point.
constexpr int64_t kLargestMagnitude = 309;

// Rounds correctly. Decides like Snuba whether a literal is too large for a double (docs/snuba-data-sets.md, 5), for
// which 1.7976931348623158e308 is infinite.
double value_of(const Literal& literal, std::string_view text, const char*& error) {
  const double sign = literal.negative ? -1.0 : 1.0;
  if (literal.zero) return sign * 0.0;
  if (is_exact(literal)) return scaled(literal);
  const double reference = literal.magnitude < kLargestMagnitude ? 0.0 : reference_double(text);
  if (!std::isfinite(reference)) {
    error = "a number is out of range";
    return 0;
  }
  double value = 0;
  const auto code = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  if (code == std::errc() && std::isfinite(value)) return value;
  return literal.magnitude > 0 ? reference : sign * 0.0;
}

// 1 to 17 digits without leading or trailing zeros, and the decimal exponent of the first.
struct Digits {
  std::array<char, 24> text;  // those after the digits are copied with them
  int count = 0;
  int exponent = 0;
};

// Fast path for doubles that came from a decimal of at most fifteen digits, as most do. No two such decimals are the
// same double, so the one that reads back to `value` is its shortest text. False: there is none, or `value` is not in
// [1e-7, 1e15). `value` must be positive.
bool find_few_digits(double value, Digits& out) {
  constexpr int kMost = 15;
  if (value < 1e-7 || value >= 1e15) return false;
  const int binary = std::ilogb(value);
  int exponent = (binary * 1233) >> 12;  // log10 of 2^binary, rounded down
  const auto scale = [&] { return kExactPowers[static_cast<size_t>(kMost - 1 - exponent)]; };
  if (value * scale() >= 1e15) ++exponent;
  auto digits = static_cast<uint64_t>(value * scale() + 0.5);
  if (digits < kPowersOfTen[kMost - 1] || digits >= kPowersOfTen[kMost]) return false;
  if (static_cast<double>(digits) / scale() != value) return false;
  out.exponent = exponent;
  out.count = kMost;
  for (const int zeros : {8, 4, 2, 1}) {
    const uint64_t power = kPowersOfTen[static_cast<size_t>(zeros)];
    if (digits % power != 0) continue;
    digits /= power;
    out.count -= zeros;
  }
  write_digits(digits, out.count, out.text.data());
  return true;
}

// The shortest digits that read back to the same value, and of these the nearest to it. `value` is finite and not 0.
template <typename Float>
Digits shortest_digits(Float value) {
  Digits digits;
  if constexpr (std::is_same_v<Float, double>) {
    if (find_few_digits(value, digits)) return digits;
  }
  const auto decimal = jkj::dragonbox::to_decimal(value, jkj::dragonbox::policy::sign::ignore);
  digits.count = static_cast<int>(write_u64(decimal.significand, digits.text.data()) - digits.text.data());
  digits.exponent = decimal.exponent + digits.count - 1;
  return digits;
}

template <size_t kSize>
char* put(char* out, const char (&text)[kSize]) {
  std::memcpy(out, text, kSize - 1);
  return out + kSize - 1;
}

// `count` digits, eight at a time: up to seven more are read and written.
char* put_digits(char* out, const char* text, int count) {
  for (int i = 0; i < count; i += 8) std::memcpy(out + i, text + i, 8);
  return out + count;
}

// Up to seven more are written.
char* put_zeros(char* out, int count) {
  for (int i = 0; i < count; i += 8) std::memset(out + i, '0', 8);
  return out + count;
}

char* write_plain(const Digits& digits, char* out) {
  const int before_point = digits.exponent + 1;
  const char* text = digits.text.data();
  if (before_point <= 0) {
    out = put(out, "0.");
    out = put_zeros(out, -before_point);
    return put_digits(out, text, digits.count);
  }
  if (digits.count <= before_point) {
    out = put_digits(out, text, digits.count);
    out = put_zeros(out, before_point - digits.count);
    return put(out, ".0");
  }
  out = put_digits(out, text, before_point);
  *out++ = '.';
  return put_digits(out, text + before_point, digits.count - before_point);
}

char* write_scientific(const Digits& digits, char* out) {
  *out++ = digits.text[0];
  if (digits.count > 1) {
    *out++ = '.';
    out = put_digits(out, digits.text.data() + 1, digits.count - 1);
  }
  *out++ = 'e';
  *out++ = digits.exponent < 0 ? '-' : '+';
  return write_u64(static_cast<uint64_t>(std::abs(digits.exponent)), out);
}

template <typename Float>
char* write_float(Float value, int least_plain, int most_plain, char* out) {
  if (!std::isfinite(value)) return put(out, "null");
  if (std::signbit(value)) {
    *out++ = '-';
    value = -value;
  }
  if (value == 0) return put(out, "0.0");
  const Digits digits = shortest_digits(value);
  return digits.exponent >= least_plain && digits.exponent <= most_plain ? write_plain(digits, out)
                                                                         : write_scientific(digits, out);
}

}  // namespace

const char* parse_number(const char* at, JsonNumber& out, const char*& error) {
  const char* const begin = at;
  Literal literal;
  at = read_literal(at, literal, error);
  if (error != nullptr) return at;
  if (literal.integer && literal.fits && !literal.negative) {
    out.kind = JsonNumber::Kind::Unsigned;
    out.unsigned_value = literal.digits;
  } else if (literal.integer && literal.fits && literal.digits != 0 && literal.digits <= uint64_t{1} << 63) {
    out.kind = JsonNumber::Kind::Negative;
    out.negative_value = static_cast<int64_t>(~literal.digits + 1);
  } else {
    out.kind = JsonNumber::Kind::Float;
    out.float_value = value_of(literal, {begin, static_cast<size_t>(at - begin)}, error);
  }
  return at;
}

const char* parse_f64(const char* at, double& out, const char*& error) {
  Literal literal;
  if (const char* const end = read_usual_literal(at, literal); end != nullptr && is_exact(literal)) {
    out = scaled(literal);
    return end;
  }
  JsonNumber number;
  at = parse_number(at, number, error);
  out = number.as_double();
  return at;
}

const char* parse_number_to_truncate(const char* at, double& out, const char*& error) {
  const char* const begin = at;
  Literal literal;
  // The same result as reference_double(), without its general loop.
  if (const char* const end = read_usual_literal(at, literal); end != nullptr && has_exact_power(literal)) {
    out = scaled(literal);
    return end;
  }
  JsonNumber number;
  at = parse_number(at, number, error);
  if (error != nullptr) return at;
  out = number.kind == JsonNumber::Kind::Float ? reference_double({begin, static_cast<size_t>(at - begin)})
                                               : number.as_double();
  return at;
}

const char* pass_scalar(const char* at, bool range, const char*& error) {
  if (*at != '-' && !is_digit(*at)) {
    if (std::memcmp(at, *at == 'n' ? "null" : "true", 4) == 0) return at + 4;
    if (std::memcmp(at, "false", 5) == 0) return at + 5;
    error = "expected a value";
    return at;
  }
  if (const char* const end = pass_short_number(at)) return end;
  if (!range) {
    Literal ignored;
    return read_literal(at, ignored, error);
  }
  JsonNumber ignored;
  return parse_number(at, ignored, error);
}

double reference_double(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto append = [](uint64_t& digits, char c) {
    uint64_t next = 0;
    if (__builtin_mul_overflow(digits, uint64_t{10}, &next)) return false;
    if (__builtin_add_overflow(next, static_cast<uint64_t>(c - '0'), &next)) return false;
    digits = next;
    return true;
  };
  size_t at = negative ? 1 : 0;
  uint64_t digits = 0;
  int64_t exponent = 0;
  bool full = false;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    full = full || !append(digits, text[at]);
    if (full) ++exponent;
  }
  if (at < text.size() && text[at] == '.') {
    full = false;
    for (++at; at < text.size() && is_digit(text[at]); ++at) {
      full = full || !append(digits, text[at]);
      if (!full) --exponent;
    }
  }
  if (at < text.size()) {
    Literal literal;
    const char* ignored = nullptr;
    read_exponent(text.data() + at + 1, literal, ignored);
    exponent = std::clamp<int64_t>(exponent + literal.exponent, -1'000'000, 1'000'000);
  }
  auto value = static_cast<double>(digits);
  for (; exponent < -308 && value != 0; exponent += 308) value /= 1e308;
  // Correctly rounded powers of ten, as in Snuba's table.
  const auto power = [](int64_t n) {
    std::array<char, 8> literal{'1', 'e'};
    const char* const end = std::to_chars(literal.data() + 2, literal.data() + literal.size(), n).ptr;
    double result = 0;
    std::from_chars(literal.data(), end, result);
    return result;
  };
  if (value != 0) {
    if (exponent < 0) value /= power(-exponent);
    if (exponent > 0) value *= exponent <= 308 ? power(exponent) : std::numeric_limits<double>::infinity();
  }
  return negative ? -value : value;
}

char* write_number(const JsonNumber& number, char* out) {
  switch (number.kind) {
    case JsonNumber::Kind::Unsigned:
      return write_u64(number.unsigned_value, out);
    case JsonNumber::Kind::Negative:
      return write_i64(number.negative_value, out);
    case JsonNumber::Kind::Float:
      break;
  }
  return write_f64(number.float_value, out);
}
char* write_u128(uint64_t high, uint64_t low, char* out) {
  if (high == 0) return write_u64(low, out);
  __extension__ using Wide = unsigned __int128;
  constexpr uint64_t kPart = 10'000'000'000'000'000'000u;  // 10^19
  const Wide value = Wide{high} << 64 | low;
  const Wide above = value / kPart;  // may have 20 digits
  const auto parts = {static_cast<uint64_t>(above / kPart), static_cast<uint64_t>(above % kPart),
                      static_cast<uint64_t>(value % kPart)};
  char* const begin = out;
  for (const uint64_t part : parts) {
    if (out == begin) {
      if (part != 0) out = write_u64(part, out);
      continue;
    }
    out = write_digits(part / kTenToEight, 11, out);
    out = write_digits(part, 8, out);
  }
  return out;
}
char* write_f64(double value, char* out) { return write_float(value, -5, 15, out); }
char* write_f32(float value, char* out) { return write_float(value, -6, 12, out); }

}  // namespace freshet::processors
