// Reads arrays whose elements the caller reads.
#pragma once

#include "processors/json/json_reader.h"

namespace freshet::processors {

// `element` reads exactly one value and returns true on success.
template <typename Element>
bool read_list(JsonReader& json, Element element) {
  for (json.enter_array(); json.next_element();) {
    if (!element()) return false;
  }
  return !json.failed();
}

// As read_list(), or null.
template <typename Element>
bool read_optional_list(JsonReader& json, Element element) {
  return json.consume_null() || read_list(json, element);
}

// An array of exactly two elements.
template <typename First, typename Second>
bool read_pair(JsonReader& json, First first, Second second) {
  const bool read = json.enter_array() && json.next_element() && first() && json.next_element() && second();
  if (read && !json.next_element() && !json.failed()) return true;
  return json.fail("expected an array of two elements");
}

}  // namespace freshet::processors
