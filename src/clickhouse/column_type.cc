#include "clickhouse/column_type.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace freshet::clickhouse {
namespace {

using nlohmann::json;

// Takes `wrapper(` and `)` off; false when it is not around the type.
bool unwrap(std::string_view& type, std::string_view wrapper) {
  if (!type.starts_with(wrapper) || !type.ends_with(')') || type.size() <= wrapper.size()) return false;
  type = type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
  return true;
}

struct IntegerType {
  bool is_signed;
  int bits;
};

std::optional<IntegerType> integer_type(std::string_view name) {
  IntegerType type{!name.starts_with('U'), 0};
  if (!type.is_signed) name.remove_prefix(1);
  if (!name.starts_with("Int")) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 3, name.data() + name.size(), type.bits);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return type;
}

bool in_range(IntegerType type, const json& value) {
  if (type.bits > 64) return true;
  const int value_bits = type.is_signed ? type.bits - 1 : type.bits;
  const uint64_t max = value_bits == 64 ? UINT64_MAX : (uint64_t{1} << value_bits) - 1;
  if (value.is_number_unsigned()) return value.get<uint64_t>() <= max;
  const auto number = value.get<int64_t>();
  return number >= 0 ? static_cast<uint64_t>(number) <= max : static_cast<uint64_t>(-(number + 1)) <= max;
}

std::optional<Trouble> trouble_with_integer(IntegerType type, const json& value) {
  if (value.is_boolean()) return std::nullopt;
  if (value.is_string()) {
    // Servers take numbers in quotes; those are looked at as the numbers they are.
    const auto& text = value.get_ref<const std::string&>();
    const json number = json::parse(text, nullptr, /*allow_exceptions=*/false);
    return number.is_number() ? trouble_with_integer(type, number) : std::optional(Trouble::TextForNumber);
  }
  if (value.is_structured()) return Trouble::NotANumber;
  if (value.is_number_float()) {
    // Either written with a point or exponent, which is refused, or an integer beyond 64 bits.
    const bool large = std::abs(value.get<double>()) >= 9.2e18;
    if (!large) return Trouble::FractionForInteger;
    return type.bits > 64 ? std::nullopt : std::optional(Trouble::Wraps);
  }
  if (!type.is_signed && value.is_number_integer() && !value.is_number_unsigned() && value.get<int64_t>() < 0) {
    return Trouble::NegativeForUnsigned;
  }
  return in_range(type, value) ? std::nullopt : std::optional(Trouble::Wraps);
}

std::optional<Trouble> trouble_with_float(const json& value) {
  if (value.is_structured()) return Trouble::NotANumber;
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::nullopt
                                                                  : std::optional(Trouble::TextForNumber);
}

std::optional<Trouble> trouble_with_fixed_string(std::string_view type, const json& value) {
  if (!value.is_string()) return Trouble::NotText;
  size_t limit = 0;
  unwrap(type, "FixedString(");
  std::from_chars(type.data(), type.data() + type.size(), limit);
  return value.get_ref<const std::string&>().size() > limit ? std::optional(Trouble::TooLongForFixedString)
                                                            : std::nullopt;
}

std::optional<Trouble> trouble_with_enum(std::string_view type, const json& value) {
  if (!value.is_string()) return std::nullopt;  // its number, which newer servers take
  const std::string quoted = "'" + value.get<std::string>() + "' =";
  return type.find(quoted) == std::string_view::npos ? std::optional(Trouble::UnknownEnumValue) : std::nullopt;
}

}  // namespace

PlainType plain_type(std::string_view type) {
  unwrap(type, "LowCardinality(");
  const bool nullable = unwrap(type, "Nullable(");
  return {type, nullable};
}

std::optional<Trouble> trouble_with(std::string_view type, const json& value) {
  const PlainType plain = plain_type(type);
  const std::string_view name = plain.name;
  if (value.is_null()) {
    const bool takes_null = plain.nullable || name.starts_with("JSON") || name.starts_with("Dynamic") ||
                            name.starts_with("Variant") || name.starts_with("Object");
    return takes_null ? std::nullopt : std::optional(Trouble::NullBecomesDefault);
  }
  if (const auto integer = integer_type(name)) return trouble_with_integer(*integer, value);
  if (name.starts_with("Float") || name.starts_with("BFloat")) return trouble_with_float(value);
  if (name == "String") return value.is_string() ? std::nullopt : std::optional(Trouble::NotText);
  if (name.starts_with("FixedString(")) return trouble_with_fixed_string(name, value);
  if (name.starts_with("Enum")) return trouble_with_enum(name, value);
  if (name.starts_with("Array(")) return value.is_array() ? std::nullopt : std::optional(Trouble::NotAnArray);
  if (name.starts_with("Map(") || name.starts_with("JSON") || name.starts_with("Object(")) {
    return value.is_object() ? std::nullopt : std::optional(Trouble::NotAnObject);
  }
  return std::nullopt;
}

}  // namespace freshet::clickhouse
