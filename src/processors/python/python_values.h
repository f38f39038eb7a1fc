// Python's semantics for values of any type: truth, equality, order, members (docs/snuba-data-sets.md, 11).
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "processors/json/struct_reader.h"
#include "processors/python/python_json.h"

namespace freshet::processors {

// null, false, zero, or empty.
bool is_falsy(const PythonValue& value);
// Missing or null.
inline bool is_none(const PythonValue* value) { return value == nullptr || value->is_null(); }
// Missing or falsy.
inline bool is_none_or_falsy(const PythonValue* value) { return value == nullptr || is_falsy(*value); }

// The members of an object, each name once, with its last value at its first position. Replaces `out`.
void unique_members(const PythonValue& object, std::vector<PythonMember>& out);
// The member's value; null if there is none, or `value` is missing or not an object.
const PythonValue* member(const PythonValue* value, std::string_view name);

// The values of known members, by their index in `fields`; null if a member is missing.
template <size_t N>
std::array<const PythonValue*, N> members_of(const PythonValue& object, const Fields<N>& fields) {
  std::array<const PythonValue*, N> out{};
  int last = -1;
  for (const PythonValue* key = object.begin(); key != object.end(); key = key[1].after()) {
    const int field = fields.find(key->view(), last + 1);
    if (field < 0) continue;
    last = field;
    out[static_cast<size_t>(field)] = key + 1;
  }
  return out;
}

// Nesting depth of its containers; 0 for a scalar.
uint32_t depth_of(const PythonValue& value);

bool equal(const PythonValue& a, const PythonValue& b);
// < 0, 0 or > 0. Sets `comparable` to false if Python cannot order the two; never sets it to true. The order is total
// in any case.
int compare(const PythonValue& a, const PythonValue& b, bool& comparable);

}  // namespace freshet::processors
