// Integers, floats, decimals, booleans and enums.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "clickhouse/column_type.h"
#include "columns/type_name.h"

namespace freshet::clickhouse {
namespace {

using Kind = JsonValue::Kind;

struct IntegerType {
  bool is_signed;
  int bits;
};

// Accepts only widths that exist: the server's text is not trusted.
std::optional<IntegerType> integer_type(std::string_view name) {
  constexpr std::array kWidths = {8, 16, 32, 64, 128, 256};
  if (name.starts_with("Interval")) return IntegerType{true, 64};
  IntegerType type{!name.starts_with('U'), 0};
  if (!type.is_signed) name.remove_prefix(1);
  if (!name.starts_with("Int")) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 3, name.data() + name.size(), type.bits);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (std::find(kWidths.begin(), kWidths.end(), type.bits) == kWidths.end()) return std::nullopt;
  return type;
}

// 2^bits in decimal.
std::string power_of_two(int bits) {
  std::string digits = "1";
  for (; bits > 0; --bits) {
    int carry = 0;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
      const int twice = (*digit - '0') * 2 + carry;
      *digit = static_cast<char>('0' + twice % 10);
      carry = twice / 10;
    }
    if (carry > 0) digits.insert(digits.begin(), static_cast<char>('0' + carry));
  }
  return digits;
}

// An integer's text: sign and digits without leading zeros. None: not an integer.
struct Integer {
  bool negative = false;
  std::string digits;
};
std::optional<Integer> integer_of(std::string_view text) {
  Integer out;
  out.negative = text.starts_with('-');
  if (out.negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  out.digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  return out;
}

bool less(const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

bool fits(IntegerType type, const Integer& integer) {
  const std::string limit = power_of_two(type.is_signed ? type.bits - 1 : type.bits);
  return less(integer.digits, limit) || (integer.negative && type.is_signed && integer.digits == limit);
}

void add_integer_mismatches(IntegerType type, const JsonValue& value, Mismatches& out) {
  if (value.kind == Kind::Bool) return;
  if (value.is_structured()) {
    out.insert(Mismatch::NotANumber);
    return;
  }
  if (value.is_string() && value.text.empty()) {
    out.insert(Mismatch::EmptyTextForNumber);
    return;
  }
  if (value.is_string() && (value.text == "true" || value.text == "false")) return;
  const auto integer = integer_of(value.text);
  if (!integer) {
    out.insert(value.is_string() ? Mismatch::TextForNumber : Mismatch::FractionForInteger);
  } else if (integer->negative && !type.is_signed) {
    out.insert(Mismatch::NegativeForUnsigned);
  } else if (!fits(type, *integer)) {
    out.insert(Mismatch::Wraps);
  }
}

bool is_finite_in(std::string_view type, double number) {
  constexpr double kLargestBFloat16 = 3.3895313892515355e38;
  if (type == "Float64") return std::isfinite(number);
  // Like the server, rounds to a double first and then to the narrower type.
  if (!std::isfinite(static_cast<float>(number))) return false;
  return type != "BFloat16" || std::abs(number) <= kLargestBFloat16;
}

// True if the float represents the integer in `text` exactly.
bool is_exact_in(std::string_view type, double number, std::string_view text) {
  constexpr int kBFloat16Bits = 8;  // significant bits, including the hidden one
  if (text.starts_with('-')) text.remove_prefix(1);
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  double stored = type == "Float64" ? number : static_cast<double>(static_cast<float>(number));
  if (type == "BFloat16") {
    int exponent = 0;
    std::frexp(number, &exponent);
    const double step = std::ldexp(1.0, exponent - kBFloat16Bits);
    stored = std::fmod(number, step) == 0 ? number : 0;
  }
  return fmt::format("{:.0f}", std::abs(stored)) == (text.empty() ? "0" : text);
}

void add_float_mismatches(std::string_view type, const JsonValue& value, Mismatches& out) {
  if (value.kind == Kind::Bool) return;
  if (value.is_structured()) {
    out.insert(Mismatch::NotANumber);
    return;
  }
  if (value.is_string() && value.text.empty()) {
    out.insert(Mismatch::EmptyTextForNumber);
    return;
  }
  std::string_view text = value.text;
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
    out.insert(Mismatch::TextForNumber);
    return;
  }
  // from_chars does not distinguish overflow from underflow.
  if (error == std::errc::result_out_of_range) number = std::strtod(std::string(text).c_str(), nullptr);
  const bool meant = text.find_first_of("iInN") != std::string_view::npos;
  if (meant) return;
  const bool whole = text.find_first_not_of("-0123456789") == std::string_view::npos;
  if (!is_finite_in(type, number)) {
    out.insert(Mismatch::BecomesInfinite);
  } else if (whole && !is_exact_in(type, number, text)) {
    out.insert(Mismatch::FloatRounds);
  }
}

// The digits of a decimal without leading zeros, and the number of digits after the point.
struct DecimalText {
  std::string digits;
  int64_t scale = 0;
  int64_t exponent = 0;
};
std::optional<DecimalText> decimal_of(std::string_view text) {
  DecimalText out;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    const auto [end, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.exponent);
    if (error != std::errc() || end != exponent.data() + exponent.size()) return std::nullopt;
    constexpr int64_t kBeyondAllTypes = 1'000'000'000;
    out.exponent = std::clamp(out.exponent, -kBeyondAllTypes, kBeyondAllTypes);
  }
  bool point = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    if (c != '0' || !out.digits.empty()) out.digits += c;
    if (point) ++out.scale;
  }
  if (e == 0) return std::nullopt;
  return out;
}

void add_decimal_mismatches(const columns::TypeParts& type, const JsonValue& value, Mismatches& out) {
  int32_t precision = 0;
  int32_t scale = 0;
  if (type.arguments.size() != 2) return;
  std::from_chars(type.arguments[0].data(), type.arguments[0].data() + type.arguments[0].size(), precision);
  std::from_chars(type.arguments[1].data(), type.arguments[1].data() + type.arguments[1].size(), scale);
  if (value.kind == Kind::Bool || value.is_structured()) {
    out.insert(Mismatch::NotANumber);
    return;
  }
  if (value.is_string() && value.text.empty()) {
    out.insert(Mismatch::EmptyTextForNumber);
    return;
  }
  auto number = decimal_of(value.text);
  if (!number) {
    out.insert(Mismatch::TextForNumber);
    return;
  }
  const int64_t behind_point = number->scale - number->exponent;
  const int64_t before_point = static_cast<int64_t>(number->digits.size()) - behind_point;
  if (!number->digits.empty() && before_point > int64_t{precision} - scale) {
    out.insert(Mismatch::DecimalTooLarge);
    return;
  }
  const size_t last = number->digits.find_last_not_of('0');
  const int64_t zeros =
      last == std::string::npos ? behind_point : static_cast<int64_t>(number->digits.size() - 1 - last);
  if (last != std::string::npos && behind_point - zeros > scale) out.insert(Mismatch::DigitsCut);
}

void add_bool_mismatches(const JsonValue& value, Mismatches& out) {
  const bool fits =
      value.kind == Kind::Bool || (value.kind == Kind::Number && (value.text == "0" || value.text == "1"));
  if (!fits) out.insert(Mismatch::NotABoolean);
}

// Parses 'a' = 1 into the name without quotes and escapes, and the number.
std::pair<std::string, int64_t> enumerator(std::string_view text) {
  std::pair<std::string, int64_t> out;
  size_t at = 1;
  for (; at < text.size() && text[at] != '\''; ++at) {
    if (text[at] == '\\') ++at;
    if (at < text.size()) out.first += text[at];
  }
  const size_t number = text.find_first_of("-0123456789", std::min(at + 1, text.size()));
  if (number != std::string_view::npos) std::from_chars(text.data() + number, text.data() + text.size(), out.second);
  return out;
}

}  // namespace

bool is_number_type(std::string_view type) {
  return type == "Bool" || type == "Decimal" || type.starts_with("Float") || type.starts_with("BFloat") ||
         integer_type(type).has_value();
}

void add_number_mismatches(std::string_view type, const JsonValue& value, Mismatches& out) {
  if (type == "Bool") return add_bool_mismatches(value, out);
  if (type.starts_with("Decimal")) return add_decimal_mismatches(columns::parts_of(type), value, out);
  if (const auto integer = integer_type(type)) return add_integer_mismatches(*integer, value, out);
  add_float_mismatches(type, value, out);
}

bool has_enum_value(std::string_view type, int64_t number) {
  const columns::TypeParts parts = columns::parts_of(type);
  return std::any_of(parts.arguments.begin(), parts.arguments.end(),
                     [&](std::string_view text) { return enumerator(text).second == number; });
}

void add_enum_mismatches(std::string_view type, const JsonValue& value, Mismatches& out) {
  const auto unknown = [&] { out.insert(Mismatch::UnknownEnumValue); };
  const columns::TypeParts parts = columns::parts_of(type);
  if (value.is_string()) {
    const bool known = std::any_of(parts.arguments.begin(), parts.arguments.end(), [&](std::string_view text) {
      const auto [name, number] = enumerator(text);
      return name == value.text || std::to_string(number) == value.text;
    });
    if (!known) unknown();
    return;
  }
  if (value.kind != Kind::Number) return unknown();
  if (!integer_of(value.text)) {
    out.insert(Mismatch::FractionForInteger);
    return;
  }
  int64_t number = 0;
  std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
  const int64_t stored = parts.name == "Enum8" ? static_cast<int8_t>(number) : static_cast<int16_t>(number);
  if (!has_enum_value(type, stored)) return unknown();
  if (stored != number) out.insert(Mismatch::Wraps);
}

}  // namespace freshet::clickhouse
