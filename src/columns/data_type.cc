#include "columns/data_type.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "columns/type_name.h"

namespace freshet::columns {
namespace {

constexpr size_t kMaxShownType = 200;
constexpr uint32_t kMaxFixedString = 0xFFFFFF;  // ClickHouse's limit
constexpr uint32_t kMaxDecimalDigits = 76;
constexpr uint32_t kMaxTickDigits = 9;

// A type without arguments.
struct Scalar {
  std::string_view name;
  TypeKind kind;
  uint32_t width;
};
constexpr Scalar kScalars[] = {
    {"Bool", TypeKind::Bool, 1},        {"Int8", TypeKind::Int8, 1},         {"Int16", TypeKind::Int16, 2},
    {"Int32", TypeKind::Int32, 4},      {"Int64", TypeKind::Int64, 8},       {"Int128", TypeKind::Int128, 16},
    {"Int256", TypeKind::Int256, 32},   {"UInt8", TypeKind::UInt8, 1},       {"UInt16", TypeKind::UInt16, 2},
    {"UInt32", TypeKind::UInt32, 4},    {"UInt64", TypeKind::UInt64, 8},     {"UInt128", TypeKind::UInt128, 16},
    {"UInt256", TypeKind::UInt256, 32}, {"BFloat16", TypeKind::BFloat16, 2}, {"Float32", TypeKind::Float32, 4},
    {"Float64", TypeKind::Float64, 8},  {"Date", TypeKind::Date, 2},         {"Date32", TypeKind::Date32, 4},
    {"Time", TypeKind::Time, 4},        {"UUID", TypeKind::Uuid, 16},        {"IPv4", TypeKind::IPv4, 4},
    {"IPv6", TypeKind::IPv6, 16},       {"String", TypeKind::String, 0},
};

// What a geometric type stores.
constexpr std::pair<std::string_view, std::string_view> kShapes[] = {
    {"Point", "Tuple(Float64, Float64)"}, {"Ring", "Array(Point)"},   {"LineString", "Array(Point)"},
    {"MultiLineString", "Array(Ring)"},   {"Polygon", "Array(Ring)"}, {"MultiPolygon", "Array(Polygon)"},
};

tl::unexpected<Error> unsupported(std::string_view name, std::string_view why = {}) {
  std::string text = fmt::format("unsupported column type {}", name.substr(0, kMaxShownType));
  if (!why.empty()) text += fmt::format(" ({})", why);
  return failure(ErrorKind::Invalid, std::move(text));
}

// The whole of `text` as a number up to `max`.
std::optional<uint32_t> number(std::string_view text, uint32_t max) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

// Takes a literal in single quotes from the front of `text`, as ClickHouse escapes it.
std::optional<std::string> take_quoted(std::string_view& text) {
  constexpr std::string_view kEscapes = "b\bf\fn\nr\rt\t0\0a\av\v";
  if (!text.starts_with('\'')) return std::nullopt;
  std::string out;
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\'') {
      text.remove_prefix(at + 1);
      return out;
    }
    if (text[at] != '\\') {
      out.push_back(text[at]);
      continue;
    }
    if (++at == text.size()) break;
    char meant = text[at];  // of an unknown escape, the character itself
    for (size_t i = 0; i < kEscapes.size(); i += 2) {
      if (kEscapes[i] == text[at]) meant = kEscapes[i + 1];
    }
    out.push_back(meant);
  }
  return std::nullopt;
}

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

// 'name' = 1
std::optional<EnumValue> enum_value(std::string_view text) {
  EnumValue value;
  auto name = take_quoted(text);
  if (!name) return std::nullopt;
  value.name = *std::move(name);
  text = without_spaces(text);
  if (!text.starts_with('=')) return std::nullopt;
  text = without_spaces(text.substr(1));
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Of an inner type; `depth` counts from 1.
Result<DataType> parse(std::string_view name, size_t depth);

DataType fixed(TypeKind kind, uint32_t width) {
  DataType type;
  type.kind = kind;
  type.width = width;
  return type;
}

Result<DataType> parse_fixed_string(std::string_view name, const TypeParts& parts) {
  const auto width = parts.arguments.size() == 1 ? number(parts.arguments[0], kMaxFixedString) : std::nullopt;
  if (!width || *width == 0) return unsupported(name, "the size is not a number from 1");
  return fixed(TypeKind::FixedString, *width);
}

uint32_t decimal_width(uint32_t precision) {
  if (precision <= 9) return 4;
  if (precision <= 18) return 8;
  return precision <= 38 ? 16 : 32;
}

// Decimal(9, 2), and Decimal32(2) and its like.
Result<DataType> parse_decimal(std::string_view name, const TypeParts& parts) {
  constexpr std::pair<std::string_view, uint32_t> kOfWidth[] = {
      {"Decimal32", 9}, {"Decimal64", 18}, {"Decimal128", 38}, {"Decimal256", 76}};
  std::optional<uint32_t> precision;
  std::optional<uint32_t> scale;
  for (const auto& [of_width, digits] : kOfWidth) {
    if (parts.name == of_width && parts.arguments.size() == 1) precision = digits;
  }
  if (parts.name == "Decimal" && parts.arguments.size() == 2) precision = number(parts.arguments[0], kMaxDecimalDigits);
  if (precision) scale = number(parts.arguments.back(), *precision);
  if (!scale || *precision == 0) return unsupported(name, "the precision and the scale are not known numbers");
  DataType type = fixed(TypeKind::Decimal, decimal_width(*precision));
  type.precision = static_cast<uint8_t>(*precision);
  type.scale = static_cast<uint8_t>(*scale);
  return type;
}

// DateTime('UTC'): a time zone, or nothing.
Result<DataType> parse_date_time(std::string_view name, const TypeParts& parts) {
  DataType type = fixed(TypeKind::DateTime, 4);
  if (parts.arguments.empty()) return type;
  std::string_view argument = parts.arguments[0];
  auto zone = take_quoted(argument);
  if (parts.arguments.size() != 1 || !zone || !argument.empty()) return unsupported(name, "unknown arguments");
  type.time_zone = *std::move(zone);
  return type;
}

// DateTime64(3, 'UTC'), Time64(3).
Result<DataType> parse_ticks(std::string_view name, const TypeParts& parts, TypeKind kind) {
  DataType type = fixed(kind, 8);
  const size_t most = kind == TypeKind::DateTime64 ? 2 : 1;
  const auto scale = parts.arguments.empty() ? std::nullopt : number(parts.arguments[0], kMaxTickDigits);
  if (!scale || parts.arguments.size() > most) return unsupported(name, "unknown arguments");
  type.scale = static_cast<uint8_t>(*scale);
  if (parts.arguments.size() < 2) return type;
  std::string_view argument = parts.arguments[1];
  auto zone = take_quoted(argument);
  if (!zone || !argument.empty()) return unsupported(name, "unknown arguments");
  type.time_zone = *std::move(zone);
  return type;
}

Result<DataType> parse_enum(std::string_view name, const TypeParts& parts, TypeKind kind) {
  DataType type = fixed(kind, kind == TypeKind::Enum8 ? 1 : 2);
  for (const std::string_view argument : parts.arguments) {
    auto value = enum_value(argument);
    if (!value || (kind == TypeKind::Enum8 && static_cast<int8_t>(value->value) != value->value)) {
      return unsupported(name, "unknown values");
    }
    type.enum_values.push_back(*std::move(value));
  }
  if (type.enum_values.empty()) return unsupported(name, "no values");
  return type;
}

// A type of one name and fixed arguments, which no type is inside of.
std::optional<Result<DataType>> parse_scalar(std::string_view name, const TypeParts& parts) {
  for (const Scalar& scalar : kScalars) {
    if (scalar.name == name) return fixed(scalar.kind, scalar.width);
  }
  if (parts.name == "FixedString") return parse_fixed_string(name, parts);
  if (parts.name.starts_with("Decimal")) return parse_decimal(name, parts);
  if (parts.name == "DateTime") return parse_date_time(name, parts);
  if (parts.name == "DateTime64") return parse_ticks(name, parts, TypeKind::DateTime64);
  if (parts.name == "Time64") return parse_ticks(name, parts, TypeKind::Time64);
  if (parts.name == "Enum8") return parse_enum(name, parts, TypeKind::Enum8);
  if (parts.name == "Enum16") return parse_enum(name, parts, TypeKind::Enum16);
  if (parts.name == "JSON") return fixed(TypeKind::Json, 0);
  return std::nullopt;
}

Result<DataType> parse_nullable(std::string_view name, const TypeParts& parts, size_t depth) {
  if (parts.arguments.size() != 1) return unsupported(name);
  auto inner = parse(parts.arguments[0], depth + 1);
  if (!inner) return inner;
  const bool composite = inner->kind == TypeKind::Array || inner->kind == TypeKind::Map;
  if (composite || inner->nullable || inner->low_cardinality) return unsupported(name);
  inner->nullable = true;
  return inner;
}

Result<DataType> parse_low_cardinality(std::string_view name, const TypeParts& parts, size_t depth) {
  if (parts.arguments.size() != 1) return unsupported(name);
  auto inner = parse(parts.arguments[0], depth + 1);
  if (!inner) return inner;
  if (!inner->children.empty() || inner->kind == TypeKind::Json || inner->low_cardinality) return unsupported(name);
  inner->low_cardinality = true;
  return inner;
}

Result<DataType> array_of(Result<DataType> element) {
  if (!element) return element;
  DataType array = fixed(TypeKind::Array, 0);
  array.children.push_back(*std::move(element));
  return array;
}

Result<DataType> parse_elements(std::string_view name, TypeKind kind, const TypeParts& parts, size_t depth) {
  DataType type = fixed(kind, 0);
  for (const std::string_view argument : parts.arguments) {
    auto element = parse(argument, depth + 1);
    if (!element) return element;
    type.children.push_back(*std::move(element));
  }
  if (type.children.empty()) return unsupported(name, "no elements");
  return type;
}

Result<DataType> parse_tuple(std::string_view name, const TypeParts& parts, size_t depth) {
  TypeParts elements{parts.name, {}};
  std::vector<std::string> names;
  for (const std::string_view argument : parts.arguments) {
    const auto [element, type] = named_element(argument);
    if (!element.empty()) names.emplace_back(element);
    elements.arguments.push_back(type);
  }
  if (!names.empty() && names.size() != elements.arguments.size()) return unsupported(name, "not every name is known");
  auto type = parse_elements(name, TypeKind::Tuple, elements, depth);
  if (type) type->names = std::move(names);
  return type;
}

Result<DataType> parse(std::string_view name, size_t depth) {
  if (depth > kMaxTypeDepth) return unsupported(name, "it is nested too deeply");
  const TypeParts parts = parts_of(name);
  if (auto scalar = parse_scalar(name, parts)) return *std::move(scalar);
  for (const auto& [shape, stored] : kShapes) {
    if (shape == name) return parse(stored, depth + 1);
  }
  if (parts.name == "Nullable") return parse_nullable(name, parts, depth);
  if (parts.name == "LowCardinality") return parse_low_cardinality(name, parts, depth);
  if (parts.name == "Array" && parts.arguments.size() == 1) return array_of(parse(parts.arguments[0], depth + 1));
  if (parts.name == "Map" && parts.arguments.size() == 2) return parse_elements(name, TypeKind::Map, parts, depth);
  if (parts.name == "Tuple") return parse_tuple(name, parts, depth);
  if (parts.name == "Nested") return array_of(parse_tuple(name, parts, depth + 1));
  if (parts.name == "SimpleAggregateFunction" && parts.arguments.size() == 2) {
    return parse(parts.arguments[1], depth + 1);
  }
  return unsupported(name);
}

}  // namespace

Result<DataType> parse_data_type(std::string_view name) { return parse(name, 1); }

}  // namespace freshet::columns
