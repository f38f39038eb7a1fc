#include "processors/formats/typed_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace freshet::processors {
namespace {

using columns::DataType;
using columns::TypeKind;

constexpr uint64_t kExactInDouble = uint64_t{1} << 53;
constexpr uint64_t kExactInFloat = uint64_t{1} << 24;
// Text of more digits is another time.
constexpr uint64_t kLastTenDigits = 9'999'999'999;
constexpr std::array<int64_t, 10> kPowers = {1,       10,        100,        1'000,       10'000,
                                             100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

// True if the double is in the middle between two floats: its text may round to the other one.
bool between_floats(double value) {
  constexpr uint64_t kCutBits = (uint64_t{1} << 29) - 1;
  return (std::bit_cast<uint64_t>(value) & kCutBits) == uint64_t{1} << 28;
}

template <typename T>
bool is_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return end == text.data() + text.size() && error == std::errc();
}

// The server reads it from JSONEachRow as it is, also as a Float32: rows may be turned into text.
bool is_exact_in_text(double value) {
  constexpr double kParts = 8;
  constexpr double kMost = 1 << 20;
  return std::abs(value) <= kMost && std::trunc(value * kParts) == value * kParts;
}

// A text, a number or a truth value as the server writes it in SQL. False: it is something else.
bool put_literal(TypedRowWriter& writer, std::string_view sql) {
  constexpr Column kColumn("default");
  uint64_t natural = 0;
  int64_t integer = 0;
  double real = 0;
  if (sql.size() >= 2 && sql.front() == '\'' && sql.back() == '\'') {
    const std::string_view text = sql.substr(1, sql.size() - 2);
    if (text.find_first_of("'\\") != std::string_view::npos) return false;
    writer.put(kColumn, text);
  } else if (sql == "true" || sql == "false") {
    writer.put(kColumn, sql == "true");
  } else if (is_number(sql, natural)) {
    writer.put(kColumn, natural);
  } else if (is_number(sql, integer)) {
    writer.put(kColumn, integer);
  } else if (is_number(sql, real) && is_exact_in_text(real)) {
    writer.put(kColumn, real);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string default_bytes(const DataType& type) {
  if (type.nullable) return std::string(1, '\1');
  switch (type.kind) {
    case TypeKind::Enum8:
    case TypeKind::Enum16: {
      const auto least = std::min_element(type.enum_values.begin(), type.enum_values.end(),
                                          [](const auto& one, const auto& other) { return one.value < other.value; });
      std::string bytes(type.width, '\0');
      if (least == type.enum_values.end()) return bytes;
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(least->value >> (8 * i));
      return bytes;
    }
    case TypeKind::Tuple: {
      std::string bytes;
      for (const DataType& child : type.children) bytes += default_bytes(child);
      return bytes;
    }
    default:
      return std::string(std::max<size_t>(type.width, 1), '\0');
  }
}

std::optional<std::string> default_bytes(const DataType& type, std::string_view expression) {
  if (expression == "NULL") return type.nullable ? std::optional(default_bytes(type)) : std::nullopt;
  const bool empty =
      (type.kind == TypeKind::Array && expression == "[]") || (type.kind == TypeKind::Map && expression == "map()");
  if (empty) return default_bytes(type);
  TypedRowWriter writer({ColumnTarget{.there = true, .type = type}});
  writer.clear();
  writer.begin_row();
  const bool known = put_literal(writer, expression);
  return known && writer.exact() ? std::optional(std::string(writer.bytes())) : std::nullopt;
}

template <typename Stored, typename Value>
void TypedRowWriter::in_range(Value value) {
  if (!std::in_range<Stored>(value)) return inexact();
  bytes_.fixed(static_cast<Stored>(value));
}

void TypedRowWriter::write_other_unsigned(const Type& type, uint64_t value) {
  switch (type.kind) {
    case Kind::UInt8:
      return in_range<uint8_t>(value);
    case Kind::UInt16:
      return in_range<uint16_t>(value);
    case Kind::UInt32:
      return in_range<uint32_t>(value);
    case Kind::UInt64:
      return bytes_.fixed(value);
    case Kind::Int8:
      return in_range<int8_t>(value);
    case Kind::Int16:
      return in_range<int16_t>(value);
    case Kind::Int32:
      return in_range<int32_t>(value);
    case Kind::Int64:
      return in_range<int64_t>(value);
    case Kind::Bool:
      return value <= 1 ? bytes_.fixed(static_cast<uint8_t>(value)) : inexact();
    case Kind::Float64:
      return value <= kExactInDouble ? bytes_.fixed(static_cast<double>(value)) : inexact();
    case Kind::Float32:
      return value <= kExactInFloat ? bytes_.fixed(static_cast<float>(value)) : inexact();
    case Kind::DateTime:  // a number without quotes is seconds
      return in_range<uint32_t>(value);
    default:
      return inexact();
  }
}

void TypedRowWriter::write_negative(const Type& type, int64_t value) {
  switch (type.kind) {
    case Kind::Int8:
      return in_range<int8_t>(value);
    case Kind::Int16:
      return in_range<int16_t>(value);
    case Kind::Int32:
      return in_range<int32_t>(value);
    case Kind::Int64:
      return bytes_.fixed(value);
    case Kind::Float64:
      return value >= -static_cast<int64_t>(kExactInDouble) ? bytes_.fixed(static_cast<double>(value)) : inexact();
    case Kind::Float32:
      return value >= -static_cast<int64_t>(kExactInFloat) ? bytes_.fixed(static_cast<float>(value)) : inexact();
    default:
      return inexact();
  }
}

void TypedRowWriter::write(const Type& type, bool value) {
  if (type.kind != Kind::Bool && type.kind != Kind::UInt8) return inexact();
  bytes_.fixed(static_cast<uint8_t>(value));
}

void TypedRowWriter::write(const Type& type, double value) {
  // The server reads the smallest numbers as 0.
  if (!std::isnormal(value) && value != 0) return inexact();
  if (type.kind == Kind::Float64) return bytes_.fixed(value);
  if (type.kind != Kind::Float32 || between_floats(value)) return inexact();
  const double size = std::abs(value);
  const bool normal = size == 0 || (size >= double{std::numeric_limits<float>::min()} &&
                                    size <= double{std::numeric_limits<float>::max()});
  normal ? bytes_.fixed(static_cast<float>(value)) : inexact();
}

void TypedRowWriter::write(const Type& type, float value) {
  const bool exact = type.kind == Kind::Float32 && std::isfinite(value);
  exact ? bytes_.fixed(value) : inexact();
}

void TypedRowWriter::write(const Type& type, const JsonNumber& value) {
  switch (value.kind) {
    case JsonNumber::Kind::Unsigned:
      return write(type, value.unsigned_value);
    case JsonNumber::Kind::Negative:
      return write(type, value.negative_value);
    case JsonNumber::Kind::Float:
      return write(type, value.float_value);
  }
}

void TypedRowWriter::write_other_text(const Type& type, std::string_view value) {
  switch (type.kind) {
    case Kind::FixedString:
      if (value.size() != type.width) return inexact();
      return bytes_.raw(value);
    case Kind::Enum8:
    case Kind::Enum16: {
      const auto found = std::find_if(type.enum_values.begin(), type.enum_values.end(),
                                      [&](const columns::EnumValue& one) { return one.name == value; });
      if (found == type.enum_values.end()) return inexact();
      if (type.kind == Kind::Enum16) return bytes_.fixed(found->value);
      return bytes_.fixed(static_cast<int8_t>(found->value));
    }
    default:
      return inexact();
  }
}

void TypedRowWriter::write(const Type& type, const DottedText& value) {
  if (type.kind != Kind::String || !has_room(value.before.view.size() + value.after.view.size())) return inexact();
  bytes_.count(value.before.view.size() + 1 + value.after.view.size());
  bytes_.raw(value.before.view);
  bytes_.raw(".");
  bytes_.raw(value.after.view);
}

void TypedRowWriter::write(const Type& type, const UInt128& value) {
  if (type.kind != Kind::UInt128) return inexact();
  bytes_.fixed(value.low);
  bytes_.fixed(value.high);
}

void TypedRowWriter::write_as_text(const Type& type, const Uuid& value) {
  std::array<char, Uuid::kTextSize> text;
  value.write(text.data());
  write(type, std::string_view(text.data(), text.size()));
}

void TypedRowWriter::write(const Type& type, const IpAddress& value) {
  if (type.kind == Kind::IPv4 && !value.v6) {
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8 | value.bytes[i];
    return bytes_.fixed(number);
  }
  if (type.kind == Kind::IPv6 && value.v6) {
    for (const uint8_t byte : value.bytes) bytes_.fixed(byte);
    return;
  }
  std::array<char, IpAddress::kTextRoom> text;
  const char* const end = value.write(text.data());
  write(type, std::string_view(text.data(), static_cast<size_t>(end - text.data())));
}

void TypedRowWriter::write_ticks(const Type& type, int64_t ticks, int digits) {
  if (type.kind != Kind::DateTime64 || type.scale != digits) return inexact();
  if (static_cast<uint64_t>(ticks / kPowers[static_cast<size_t>(digits)]) > kLastTenDigits) return inexact();
  bytes_.fixed(ticks);
}

}  // namespace freshet::processors
