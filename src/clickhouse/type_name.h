// Parses the type of a column as the server writes it.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace freshet::clickhouse {

// Without LowCardinality(), Nullable() and SimpleAggregateFunction(). Views into the type's text.
struct PlainType {
  std::string_view name;
  bool nullable = false;
};
PlainType plain_type(std::string_view type);

// Array(UInt8) -> "Array", {"UInt8"}; splits at commas outside brackets and quotes.
struct TypeParts {
  std::string_view name;
  std::vector<std::string_view> arguments;
};
TypeParts parts_of(std::string_view type);

// An element of a Tuple or Nested: `a UInt8` -> "a", "UInt8"; without a name -> "", "UInt8". Backquotes around a name
// are removed.
std::pair<std::string_view, std::string_view> named_element(std::string_view argument);

}  // namespace freshet::clickhouse
