// Tags, headers and contexts: lists of names and values in all the forms that the reference takes (python_common 7).
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "processors/python_json.h"

namespace freshet::processors {

// "Pairs": names with values, from an object or from an array of pairs. Keeps its memory. Threads: one.
class PythonPairs {
 public:
  struct Pair {
    const PythonValue* key;
    const PythonValue* value;
    uint64_t head;  // of a key that is text: its first eight bytes, the first the highest
    uint32_t place;
  };

  // False: the value is no list of pairs.
  bool read(const PythonValue* value);
  // The last value under that name, which may be null in the text; nullptr when there is none.
  const PythonValue* find(std::string_view name) const;
  // "Sorted": afterwards pairs() is ascending by key, each key once. False: text and numbers cannot be ordered.
  bool sort();
  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  void add(const PythonValue& key, const PythonValue& value);
  bool read_array(const PythonValue& array);
  bool read_item(const PythonValue& item);
  bool read_text(const JsonString& text);
  void collapse();

  std::vector<Pair> pairs_;
  std::deque<PythonString> parts_;  // of items that are texts
};

// Tags whose text is none or empty are left out of the arrays.
bool is_tag_value(const PythonValue& value);

// "ContextArrays": what stands in the containers, in their order.
struct PythonContext {
  const PythonValue* container;  // its name
  const PythonValue* member;     // its name
  const PythonValue* value;      // not empty as text
};
// Null, containers and empty text are left out of the arrays.
bool is_context_value(const PythonValue& value);

}  // namespace freshet::processors
