#include "columns/json_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace freshet::columns {
namespace {

static_assert(std::endian::native == std::endian::little);

using Kind = TypeKind;

// Text of fewer digits is a date for some servers, and text of more is refused.
constexpr int64_t kLastTenDigits = 9'999'999'999;
// The years that have four digits.
constexpr int64_t kFirstDay = -719'528;
constexpr int64_t kLastDay = 2'932'896;
constexpr int64_t kSecondsOfADay = 86'400;
constexpr std::array<int64_t, 10> kPowers = {1,       10,        100,        1'000,       10'000,
                                             100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

template <typename T>
T read(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <typename... Arguments>
void print(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

// An integer of any width.
struct Digits {
  bool negative = false;
  std::string text;  // of the absolute value, without leading zeros; "0" for 0
};

// Divides the number by 10^9 and returns the remainder. The lowest word is the first.
uint32_t divide(std::array<uint32_t, 8>& words) {
  constexpr uint32_t kNineDigits = 1'000'000'000;
  uint64_t rest = 0;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    rest = rest << 32 | *word;
    *word = static_cast<uint32_t>(rest / kNineDigits);
    rest %= kNineDigits;
  }
  return static_cast<uint32_t>(rest);
}

Digits digits_of(std::string_view bytes, bool is_signed) {
  Digits digits;
  digits.negative = is_signed && static_cast<signed char>(bytes.back()) < 0;
  std::array<uint32_t, 8> words{};
  if (digits.negative) words.fill(UINT32_MAX);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  uint64_t carry = digits.negative ? 1 : 0;
  for (uint32_t& word : words) {
    if (digits.negative) carry += static_cast<uint32_t>(~word);
    if (digits.negative) word = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  std::array<char, 81> text{};
  size_t at = text.size();
  do {
    for (auto [left, rest] = std::pair(9, divide(words)); left > 0; --left, rest /= 10) {
      text[--at] = static_cast<char>('0' + rest % 10);
    }
  } while (std::any_of(words.begin(), words.end(), [](uint32_t word) { return word != 0; }));
  while (at + 1 < text.size() && text[at] == '0') ++at;
  digits.text.assign(text.data() + at, text.size() - at);
  return digits;
}

void append_integer(std::string_view bytes, bool is_signed, std::string& out) {
  const Digits digits = digits_of(bytes, is_signed);
  if (digits.negative) out.push_back('-');
  out += digits.text;
}

// Without quotes: 18.16 reads no others.
void append_decimal(const DataType& type, std::string_view bytes, std::string& out) {
  Digits digits = digits_of(bytes, true);
  if (digits.text.size() <= type.scale) digits.text.insert(0, type.scale + 1 - digits.text.size(), '0');
  const size_t point = digits.text.size() - type.scale;
  if (digits.negative) out.push_back('-');
  out.append(digits.text, 0, point);
  if (type.scale > 0) out.append(1, '.').append(digits.text, point);
}

// The shortest digits from which the same value is read by whoever rounds exactly. (ClickHouse's inserts do not; the
// last bit may differ, as for any JSON.)
template <typename T>
void append_float(T value, std::string& out) {
  if (std::isnan(value)) {
    out += "\"nan\"";
  } else if (std::isinf(value)) {
    out += value < 0 ? "\"-inf\"" : "\"inf\"";
  } else {
    print(out, "{}", value);
  }
}

// The server reads a Float32 and cuts its lower half off. A quarter of the way to the next value is on the right side
// of every rounding.
void append_bfloat16(uint16_t bits, std::string& out) {
  const uint32_t wide = uint32_t{bits} << 16;
  const bool special = !std::isfinite(std::bit_cast<float>(wide)) || (wide << 1) == 0;
  append_float(std::bit_cast<float>(special ? wide : wide | 0x4000), out);
}

void append_date(int64_t days, std::string& out) {
  if (days < kFirstDay || days > kLastDay) return print(out, "{}", days);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  print(out, "\"{:04}-{:02}-{:02}\"", int{date.year()}, unsigned{date.month()}, unsigned{date.day()});
}

// Text of seconds, which means the same with either date_time_input_format, and in any time zone.
void append_ticks(const DataType& type, int64_t ticks, std::string& out) {
  const int64_t in_a_second = kPowers[type.scale];
  const int64_t rest = ticks % in_a_second;
  const int64_t seconds = ticks / in_a_second - (rest < 0 ? 1 : 0);
  const int64_t fraction = rest < 0 ? rest + in_a_second : rest;
  const std::string behind = type.scale == 0 ? std::string() : fmt::format(".{:0{}}", fraction, int{type.scale});
  if (seconds >= 0 && seconds <= kLastTenDigits) return print(out, "\"{:010}{}\"", seconds, behind);
  const int64_t days = seconds / kSecondsOfADay - (seconds % kSecondsOfADay < 0 ? 1 : 0);
  if (days < kFirstDay || days > kLastDay) return print(out, "{}", ticks);
  // There are no ten digits: a date. It is in the time zone of the column, or, with best_effort, in the one it names.
  const bool utc = type.time_zone.empty() || type.time_zone == "UTC" || type.time_zone == "Etc/UTC";
  append_date(days, out);
  out.pop_back();
  const int64_t clock = seconds - days * kSecondsOfADay;
  print(out, " {:02}:{:02}:{:02}{}{}\"", clock / 3600, clock / 60 % 60, clock % 60, behind, utc ? "" : "Z");
}

// Hours, minutes and seconds.
void append_time(int64_t ticks, uint8_t scale, std::string& out) {
  const auto in_a_second = static_cast<uint64_t>(kPowers[scale]);
  const uint64_t size = ticks < 0 ? ~static_cast<uint64_t>(ticks) + 1 : static_cast<uint64_t>(ticks);
  const uint64_t seconds = size / in_a_second;
  print(out, "\"{}{:02}:{:02}:{:02}", ticks < 0 ? "-" : "", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (scale > 0) print(out, ".{:0{}}", size % in_a_second, int{scale});
  out.push_back('"');
}

void append_enum(const DataType& type, int16_t value, std::string& out) {
  const auto found = std::find_if(type.enum_values.begin(), type.enum_values.end(),
                                  [&](const EnumValue& one) { return one.value == value; });
  if (found == type.enum_values.end()) return print(out, "{}", value);
  append_json_string(found->name, out);
}

void append_uuid(std::string_view bytes, std::string& out) {
  out.push_back('"');
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    print(out, "{:02x}", static_cast<unsigned char>(bytes[i ^ 7]));
  }
  out.push_back('"');
}

void append_ipv4(uint32_t address, std::string& out) {
  print(out, "\"{}.{}.{}.{}\"", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

void append_ipv6(std::string_view bytes, std::string& out) {
  out.push_back('"');
  for (size_t i = 0; i < 16; i += 2) {
    const auto group = static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) << 8;
    print(out, "{}{:x}", i == 0 ? "" : ":", group | static_cast<unsigned char>(bytes[i + 1]));
  }
  out.push_back('"');
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  while (!text.empty()) {
    const auto special = std::find_if(
        text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    const auto plain = static_cast<size_t>(special - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').push_back(c);
    } else {
      out.append("\\u00").append(1, c < 0x10 ? '0' : '1').push_back(kHex[c & 15]);
    }
  }
  out.push_back('"');
}

void append_json_scalar(const DataType& type, std::string_view bytes, std::string& out) {
  switch (type.kind) {
    case Kind::Bool:
      return print(out, "{}", bytes[0] != '\0');
    case Kind::UInt8:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
    case Kind::UInt128:
    case Kind::UInt256:
    case Kind::DateTime:  // not as text, which 18.16 misreads with best_effort
      return append_integer(bytes, false, out);
    case Kind::BFloat16:
      return append_bfloat16(read<uint16_t>(bytes), out);
    case Kind::Float32:
      return append_float(read<float>(bytes), out);
    case Kind::Float64:
      return append_float(read<double>(bytes), out);
    case Kind::Decimal:
      return append_decimal(type, bytes, out);
    case Kind::Date:
      return append_date(read<uint16_t>(bytes), out);
    case Kind::Date32:
      return append_date(read<int32_t>(bytes), out);
    case Kind::DateTime64:
      return append_ticks(type, read<int64_t>(bytes), out);
    case Kind::Time:
      return append_time(read<int32_t>(bytes), 0, out);
    case Kind::Time64:
      return append_time(read<int64_t>(bytes), type.scale, out);
    case Kind::Enum8:
      return append_enum(type, read<int8_t>(bytes), out);
    case Kind::Enum16:
      return append_enum(type, read<int16_t>(bytes), out);
    case Kind::Uuid:
      return append_uuid(bytes, out);
    case Kind::IPv4:
      return append_ipv4(read<uint32_t>(bytes), out);
    case Kind::IPv6:
      return append_ipv6(bytes, out);
    case Kind::FixedString:
      return append_json_string(bytes, out);
    default:
      return append_integer(bytes, true, out);
  }
}

void append_json_object(std::string_view text, std::string& out) {
  // The check wants UTF-8, the server does not.
  std::string ascii(text);
  std::replace_if(
      ascii.begin(), ascii.end(), [](char c) { return static_cast<signed char>(c) < 0; }, '?');
  if (!parse_json(ascii).is_object()) return append_json_string(text, out);
  out += text;
}

}  // namespace freshet::columns
