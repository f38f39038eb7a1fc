// A column's type as the server writes it, taken apart.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace freshet::clickhouse {

// Without LowCardinality(), Nullable() and SimpleAggregateFunction() around it. Views into the type's text.
struct PlainType {
  std::string_view name;
  bool nullable = false;
};
PlainType plain_type(std::string_view type);

// Array(UInt8) -> "Array", {"UInt8"}; split at commas that stand in no bracket and no quotes.
struct TypeParts {
  std::string_view name;
  std::vector<std::string_view> arguments;
};
TypeParts parts_of(std::string_view type);

// An element of a Tuple or Nested: `a UInt8` -> "a", "UInt8"; without a name of its own -> "", "UInt8". A name in
// backquotes is given without them.
std::pair<std::string_view, std::string_view> named_element(std::string_view argument);

}  // namespace freshet::clickhouse
