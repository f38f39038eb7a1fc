// What a column's type does with a JSON value.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace freshet::clickhouse {

// Without LowCardinality() and Nullable() around it.
struct PlainType {
  std::string_view name;  // views into the column's type
  bool nullable = false;
};
PlainType plain_type(std::string_view type);

enum class Trouble {
  NullBecomesDefault,  // null for a column that is not Nullable
  Wraps,               // an integer outside the type's range: both 18.16 and 26.5 keep its low bits without a word
  NegativeForUnsigned,
  FractionForInteger,
  TextForNumber,  // a string that is no number
  NotANumber,     // array, object
  NotText,        // no string for a String: old servers refuse it, current ones keep the JSON text
  TooLongForFixedString,
  UnknownEnumValue,
  NotAnArray,
  NotAnObject,
};

// Nothing when the value fits, or when this check does not know the type.
std::optional<Trouble> trouble_with(std::string_view type, const nlohmann::json& value);

}  // namespace freshet::clickhouse
