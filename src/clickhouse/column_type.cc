#include "clickhouse/column_type.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "columns/type_name.h"

namespace freshet::clickhouse {
namespace {

using Kind = JsonValue::Kind;

// The type that a geometric type is an alias of; empty for other types.
std::string_view shape_of(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kShapes[] = {
      {"Point", "Tuple(Float64, Float64)"}, {"Ring", "Array(Point)"},   {"LineString", "Array(Point)"},
      {"MultiLineString", "Array(Ring)"},   {"Polygon", "Array(Ring)"}, {"MultiPolygon", "Array(Polygon)"}};
  for (const auto& [shape, type] : kShapes) {
    if (shape == name) return type;
  }
  return {};
}

void add_fixed_string_mismatches(const columns::TypeParts& type, const JsonValue& value, Mismatches& out) {
  if (!value.is_string()) {
    out.insert(Mismatch::NotTextForFixedString);
    return;
  }
  size_t limit = 0;
  if (!type.arguments.empty()) {
    std::from_chars(type.arguments[0].data(), type.arguments[0].data() + type.arguments[0].size(), limit);
  }
  if (value.text.size() > limit) out.insert(Mismatch::TooLongForFixedString);
}

bool is_address(std::string_view type, const JsonValue& value) {
  if (!value.is_string() || value.text.find('\0') != std::string::npos) return false;
  in6_addr address;
  // An IPv6 column accepts both families; servers differ about leading zeros in an IPv4 address.
  if (type == "IPv6" && inet_pton(AF_INET6, value.text.c_str(), &address) == 1) return true;
  int groups = 0;
  size_t begin = 0;
  for (size_t at = 0; at <= value.text.size(); ++at) {
    if (at < value.text.size() && value.text[at] != '.') continue;
    unsigned group = 256;
    const auto [end, error] = std::from_chars(value.text.data() + begin, value.text.data() + at, group);
    if (error != std::errc() || end != value.text.data() + at || group > 255) return false;
    ++groups;
    begin = at + 1;
  }
  return groups == 4;
}

bool is_uuid(const JsonValue& value) {
  if (!value.is_string()) return false;
  std::string digits = value.text;
  if (digits.size() == 36) {
    for (const size_t at : {23, 18, 13, 8}) {
      if (digits[at] != '-') return false;
      digits.erase(at, 1);
    }
  }
  return digits.size() == 32 && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

void add_map_mismatches(const columns::TypeParts& type, const JsonValue& value, Mismatches& out) {
  if (value.kind != Kind::Object) {
    out.insert(Mismatch::NotAnObject);
    return;
  }
  if (type.arguments.size() != 2) return;
  for (size_t i = 0; i < value.elements.size(); ++i) {
    add_mismatches(type.arguments[0], {Kind::String, value.names[i], {}, {}}, out);
    add_mismatches(type.arguments[1], value.elements[i], out);
  }
}

void add_named_tuple_mismatches(const columns::TypeParts& type, const JsonValue& value, Mismatches& out) {
  if (value.kind != Kind::Object) {
    out.insert(Mismatch::NotAnObject);
    return;
  }
  for (const std::string& name : value.names) {
    const bool known = std::any_of(type.arguments.begin(), type.arguments.end(), [&](std::string_view argument) {
      return columns::named_element(argument).first == name;
    });
    if (!known) out.insert(Mismatch::TupleFieldLeftOut);
  }
  for (const std::string_view argument : type.arguments) {
    const auto [name, element] = columns::named_element(argument);
    const auto found = std::find(value.names.begin(), value.names.end(), name);
    const bool given = found != value.names.end();
    const JsonValue& of_element =
        given ? value.elements[static_cast<size_t>(found - value.names.begin())] : JsonValue();
    Mismatches of_this;
    add_mismatches(element, of_element, of_this);
    // A missing value becomes the default, which is a problem only for an Enum.
    if (!given) of_this.erase(Mismatch::NullBecomesDefault);
    out.merge(of_this);
  }
}

void add_tuple_mismatches(const columns::TypeParts& type, const JsonValue& value, Mismatches& out) {
  if (!type.arguments.empty() && !columns::named_element(type.arguments[0]).first.empty()) {
    return add_named_tuple_mismatches(type, value, out);
  }
  if (value.kind != Kind::Array || value.elements.size() != type.arguments.size()) {
    out.insert(Mismatch::NotATuple);
    return;
  }
  for (size_t i = 0; i < value.elements.size(); ++i) add_mismatches(type.arguments[i], value.elements[i], out);
}

// Types with elements: each element is checked like a column of its type.
bool add_composite_mismatches(const columns::TypeParts& type, const JsonValue& value, Mismatches& out) {
  if (type.name == "Array" || type.name == "Nested") {
    if (value.kind != Kind::Array) out.insert(Mismatch::NotAnArray);
    for (const JsonValue& element : value.kind == Kind::Array ? value.elements : std::vector<JsonValue>()) {
      if (type.name == "Nested") {
        add_named_tuple_mismatches(type, element, out);
      } else if (!type.arguments.empty()) {
        add_mismatches(type.arguments[0], element, out);
      }
    }
    return true;
  }
  if (type.name == "Map") return add_map_mismatches(type, value, out), true;
  if (type.name == "Tuple") return add_tuple_mismatches(type, value, out), true;
  if (type.name == "JSON" || type.name == "Object") {
    if (value.kind != Kind::Object) out.insert(Mismatch::NotAnObject);
    return true;
  }
  return false;
}

// True also for types that accept any value.
bool takes_null(const columns::PlainType& type, std::string_view name) {
  return type.nullable || name == "JSON" || name == "Dynamic" || name == "Variant" || name == "Object";
}

void add_null_mismatches(const columns::PlainType& type, std::string_view name, Mismatches& out) {
  if (takes_null(type, name)) return;
  const bool breaks = name.starts_with("Enum") && !has_enum_value(type.name, 0);
  out.insert(breaks ? Mismatch::NullBreaksEnum : Mismatch::NullBecomesDefault);
}

}  // namespace

void add_mismatches(std::string_view type, const JsonValue& value, Mismatches& out) {
  const columns::PlainType plain = columns::plain_type(type);
  const columns::TypeParts parts = columns::parts_of(plain.name);
  if (const std::string_view shape = shape_of(parts.name); !shape.empty()) return add_mismatches(shape, value, out);
  if (value.kind == Kind::Null) return add_null_mismatches(plain, parts.name, out);
  if (is_number_type(parts.name)) return add_number_mismatches(plain.name, value, out);
  if (is_time_type(parts.name)) return add_time_mismatches(plain.name, value, out);
  if (parts.name.starts_with("Enum")) return add_enum_mismatches(plain.name, value, out);
  if (add_composite_mismatches(parts, value, out)) return;
  if (parts.name == "FixedString") return add_fixed_string_mismatches(parts, value, out);
  const auto wrong = [&](bool is_wrong, Mismatch mismatch) {
    if (is_wrong) out.insert(mismatch);
  };
  if (parts.name == "String") wrong(!value.is_string(), Mismatch::NotText);
  if (parts.name == "IPv4" || parts.name == "IPv6") wrong(!is_address(parts.name, value), Mismatch::NotAnAddress);
  if (parts.name == "UUID") wrong(!is_uuid(value), Mismatch::NotAUuid);
}

}  // namespace freshet::clickhouse
