// Descriptions of objects whose values may have any type: their members are `const PythonValue*`.
#pragma once

#include "processors/description/description.h"
#include "processors/python/python_json.h"

namespace freshet::processors {

// The value of a field.
struct PythonField {
  const PythonValue* value;
};
inline bool read_field(PythonField& in, const PythonValue*& out) {
  out = in.value;
  return true;
}

// Sets the members of `row` whose fields `object` has; of equal names the last one counts. Null, and what is no object,
// has no fields. Returns the name of the first required field that is missing, or an empty text.
template <const auto& kDescription, typename Row>
std::string_view pick(const PythonValue* object, Row& row) {
  if (object == nullptr || !object->is_object()) return kDescription.first_missing(0);
  int last = -1;
  uint64_t seen = 0;
  for (const PythonValue* key = object->begin(); key != object->end(); key = key[1].after()) {
    const int field = kDescription.find(key->view(), last + 1);
    if (field < 0) continue;
    last = field;
    seen |= uint64_t{1} << field;
    PythonField in{key + 1};
    kDescription.read_at(field, in, row);
  }
  return kDescription.first_missing(seen);
}

}  // namespace freshet::processors
