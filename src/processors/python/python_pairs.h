// Tags, headers and contexts: lists of names and values in all forms that Snuba accepts (docs/snuba-data-sets.md, 15).
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "processors/python/python_json.h"

namespace freshet::processors {

// Pairs from an object or from an array of pairs. Reuses its memory. Threads: one.
class PythonPairs {
 public:
  struct Pair {
    const PythonValue* key;
    const PythonValue* value;
    uint64_t head;  // of a text key: its first eight bytes, the first in the highest byte
    uint32_t place;
  };

  // False: the value is not a list of pairs.
  bool read(const PythonValue* value);
  // The last value with that name (possibly null in the text); nullptr if there is none.
  const PythonValue* find(std::string_view name) const;
  // Sorts pairs() by key and keeps each key once. False: keys of both text and numbers cannot be ordered.
  bool sort();
  // Removes pairs whose value is no tag's (is_tag_value).
  void keep_tags();
  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  void add(const PythonValue& key, const PythonValue& value);
  bool read_array(const PythonValue& array);
  bool read_item(const PythonValue& item);
  bool read_text(const JsonString& text);
  void collapse();

  std::vector<Pair> pairs_;
  std::deque<PythonString> parts_;  // texts of string items
};

// False for tags without text or with empty text, which are left out of the arrays.
bool is_tag_value(const PythonValue& value);

// A cell of the context columns, in the order of the containers.
struct PythonContext {
  const PythonValue* container;  // its name
  const PythonValue* member;     // its name
  const PythonValue* value;      // not empty as text
};
// False for null, arrays, objects and empty text, which are left out of the arrays.
bool is_context_value(const PythonValue& value);

}  // namespace freshet::processors
