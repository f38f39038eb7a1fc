// Parses the name of a column's type as the server writes it.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace freshet::columns {

// A type without the wrappers LowCardinality(), Nullable() and SimpleAggregateFunction(). Views into the type's text.
struct PlainType {
  std::string_view name;
  bool nullable = false;
};
PlainType plain_type(std::string_view type);

// Splits Array(UInt8) into "Array" and {"UInt8"}. Only commas outside brackets and quotes separate arguments.
struct TypeParts {
  std::string_view name;
  std::vector<std::string_view> arguments;
};
TypeParts parts_of(std::string_view type);

// Splits an element of a Tuple or Nested: `a UInt8` into "a" and "UInt8", `UInt8` into "" and "UInt8". Removes
// backquotes around the name.
std::pair<std::string_view, std::string_view> named_element(std::string_view argument);

}  // namespace freshet::columns
