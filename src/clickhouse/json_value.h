// A JSON value that preserves the text: the digits of numbers, and the order and duplicate names of objects. ClickHouse
// reads the text, so 1e3, 1000.0 and integers beyond 64 bits must not become doubles.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::clickhouse {

struct JsonValue {
  enum class Kind { Null, Bool, Number, String, Array, Object };
  Kind kind = Kind::Null;
  std::string text;                 // a number's literal, a string's content, "true" or "false"
  std::vector<std::string> names;   // of an object's members, in their order
  std::vector<JsonValue> elements;  // of an array, or the values of an object's members

  bool is_structured() const { return kind == Kind::Array || kind == Kind::Object; }
  bool is_string() const { return kind == Kind::String; }
  // The value as JSON, truncated to about `limit` characters; for examples in messages.
  std::string shown(size_t limit) const;

  // None: not JSON.
  static std::optional<JsonValue> parse(std::string_view text);
};

}  // namespace freshet::clickhouse
