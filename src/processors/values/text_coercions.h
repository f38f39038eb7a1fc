// Converts values of any type to text, for the errors data set (docs/snuba-data-sets.md, 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "processors/json/json_reader.h"
#include "processors/json/json_tree.h"

namespace freshet::processors {

using OptionalText = std::optional<JsonString>;

// Reads values of one reader; the texts live until its next open(). Threads: one.
class TextCoercions {
 public:
  explicit TextCoercions(JsonReader& json) : json_(json) {}

  // AnyText: null is none; arrays and objects become JSON with sorted keys.
  bool read_any(OptionalText& out);
  // CtxText: null, arrays and objects are none; booleans are `True` and `False`.
  bool read_context(OptionalText& out);
  // Handled: 1 and 0 for true and false, none for everything else.
  bool read_handled(std::optional<uint8_t>& out);

 private:
  bool read_number(OptionalText& out);
  bool read_tree(OptionalText& out);

  JsonReader& json_;
  JsonTree tree_;
  std::string buffer_;
};

}  // namespace freshet::processors
