#include "columns/type_name.h"

#include <algorithm>

namespace freshet::columns {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \n\t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \n\t") - begin + 1);
}

// The end of the token at `at`: after the closing quote if it is quoted, otherwise the next character.
size_t behind(std::string_view text, size_t at) {
  const char quote = text[at];
  if (quote != '\'' && quote != '`') return at + 1;
  for (++at; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// Removes `wrapper(` and `)`; false if the type is not wrapped.
bool unwrap(std::string_view& type, std::string_view wrapper) {
  if (!type.starts_with(wrapper) || !type.ends_with(')') || type.size() <= wrapper.size()) return false;
  type = trimmed(type.substr(wrapper.size(), type.size() - wrapper.size() - 1));
  return true;
}

}  // namespace

PlainType plain_type(std::string_view type) {
  type = trimmed(type);
  if (type.starts_with("SimpleAggregateFunction(")) {
    const TypeParts parts = parts_of(type);
    if (parts.arguments.size() == 2) type = parts.arguments[1];
  }
  unwrap(type, "LowCardinality(");
  const bool nullable = unwrap(type, "Nullable(");
  return {type, nullable};
}

TypeParts parts_of(std::string_view type) {
  type = trimmed(type);
  const size_t open = type.find('(');
  if (open == std::string_view::npos || !type.ends_with(')')) return {type, {}};
  TypeParts parts{type.substr(0, open), {}};
  const std::string_view inside = type.substr(open + 1, type.size() - open - 2);
  int depth = 0;
  size_t begin = 0;
  for (size_t at = 0; at < inside.size();) {
    const char c = inside[at];
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      parts.arguments.push_back(trimmed(inside.substr(begin, at - begin)));
      begin = at + 1;
    }
    at = behind(inside, at);
  }
  if (!trimmed(inside).empty()) parts.arguments.push_back(trimmed(inside.substr(begin)));
  return parts;
}

std::pair<std::string_view, std::string_view> named_element(std::string_view argument) {
  if (argument.starts_with('`')) {
    const size_t end = behind(argument, 0);
    return {argument.substr(1, end - 2), trimmed(argument.substr(std::min(end, argument.size())))};
  }
  const size_t name = argument.find_first_of(" (");
  if (name == std::string_view::npos || argument[name] == '(') return {{}, argument};
  return {argument.substr(0, name), trimmed(argument.substr(name))};
}

}  // namespace freshet::columns
