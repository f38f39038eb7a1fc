#include "processors/python/python_values.h"

#include <algorithm>
#include <cstring>

#include "processors/python/python_numbers.h"

namespace freshet::processors {
namespace {

using Kind = PythonValue::Kind;

constexpr size_t kFew = 24;  // up to this many members, compares every pair of names

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         (a.empty() || (a.front() == b.front() && std::memcmp(a.data(), b.data(), a.size()) == 0));
}

bool same_name(const PythonMember& a, const PythonMember& b) { return same_text(a.key->view(), b.key->view()); }

// All members in the order of the text; names may occur twice.
void all_members(const PythonValue& object, std::vector<PythonMember>& out) {
  out.clear();
  for (const PythonValue* key = object.begin(); key != object.end(); key = key[1].after())
    out.push_back({key, key + 1});
}

void collapse_few(std::vector<PythonMember>& members) {
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    size_t first = 0;
    while (first < kept && !same_name(members[first], members[i])) ++first;
    if (first < kept) {
      members[first].value = members[i].value;
    } else {
      members[kept++] = members[i];
    }
  }
  members.resize(kept);
}

// Values are stored in the order of the text, so the address of a key tells its position.
void collapse_many(std::vector<PythonMember>& members) {
  std::sort(members.begin(), members.end(), [](const PythonMember& a, const PythonMember& b) {
    const int order = a.key->view().compare(b.key->view());
    return order != 0 ? order < 0 : a.key < b.key;
  });
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (kept > 0 && same_name(members[kept - 1], members[i])) {
      members[kept - 1].value = members[i].value;
    } else {
      members[kept++] = members[i];
    }
  }
  members.resize(kept);
  std::sort(members.begin(), members.end(), [](const PythonMember& a, const PythonMember& b) { return a.key < b.key; });
}

// Kinds of values that can be ordered among each other.
int rank(const PythonValue& value) {
  switch (value.kind()) {
    case Kind::Null:
      return 0;
    case Kind::String:
      return 2;
    case Kind::Array:
      return 3;
    case Kind::Object:
      return 4;
    default:
      return 1;
  }
}

int sign_of(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

int compare_arrays(const PythonValue& a, const PythonValue& b, bool& comparable) {
  const PythonValue* x = a.begin();
  const PythonValue* y = b.begin();
  for (; x != a.end() && y != b.end(); x = x->after(), y = y->after()) {
    if (const int order = compare(*x, *y, comparable); order != 0) return order;
  }
  return x == a.end() ? (y == b.end() ? 0 : -1) : 1;
}

// Sorted by name, because looking up each name would take too long for large objects.
std::vector<PythonMember> members_by_name(const PythonValue& object) {
  std::vector<PythonMember> members;
  unique_members(object, members);
  std::sort(members.begin(), members.end(),
            [](const PythonMember& a, const PythonMember& b) { return a.key->view() < b.key->view(); });
  return members;
}

bool equal_objects(const PythonValue& a, const PythonValue& b) {
  const auto x = members_by_name(a);
  const auto y = members_by_name(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const PythonMember& one, const PythonMember& other) {
    return same_name(one, other) && equal(*one.value, *other.value);
  });
}

bool equal_arrays(const PythonValue& a, const PythonValue& b) {
  if (a.count() != b.count()) return false;
  const PythonValue* y = b.begin();
  for (const PythonValue* x = a.begin(); x != a.end(); x = x->after(), y = y->after()) {
    if (!equal(*x, *y)) return false;
  }
  return true;
}

}  // namespace

bool is_falsy(const PythonValue& value) {
  switch (value.kind()) {
    case Kind::Null:
    case Kind::False:
      return true;
    case Kind::True:
      return false;
    case Kind::Integer:
      return value.view() == "0";
    case Kind::Float:
      return to_double(value) == 0;
    case Kind::String:
    case Kind::Array:
    case Kind::Object:
      break;
  }
  return value.count() == 0;
}

void unique_members(const PythonValue& object, std::vector<PythonMember>& out) {
  all_members(object, out);
  if (out.size() <= kFew) {
    collapse_few(out);
  } else {
    collapse_many(out);
  }
}

const PythonValue* member(const PythonValue* value, std::string_view name) {
  const PythonValue* found = nullptr;
  if (value == nullptr || !value->is_object()) return found;
  for (const PythonValue* key = value->begin(); key != value->end(); key = key[1].after()) {
    if (same_text(key->view(), name)) found = key + 1;
  }
  return found;
}

uint32_t depth_of(const PythonValue& value) {
  if (!value.is_container()) return 0;
  uint32_t deepest = 0;
  for (const PythonValue* one = value.begin(); one != value.end(); one = one->after()) {
    deepest = std::max(deepest, depth_of(*one));
  }
  return deepest + 1;
}

bool equal(const PythonValue& a, const PythonValue& b) {
  if (rank(a) != rank(b)) return false;
  if (a.is_null()) return true;
  if (a.is_string()) return a.view() == b.view();
  if (a.is_number()) return compare_numbers(a, b) == 0;
  return a.is_array() ? equal_arrays(a, b) : equal_objects(a, b);
}

int compare(const PythonValue& a, const PythonValue& b, bool& comparable) {
  const int kind = rank(a);
  if (kind != rank(b)) {
    comparable = false;
    return kind < rank(b) ? -1 : 1;
  }
  if (a.is_string()) return sign_of(a.view().compare(b.view()));
  if (a.is_number()) return compare_numbers(a, b);
  if (a.is_array()) return compare_arrays(a, b, comparable);
  if (!a.is_null() && !equal(a, b)) comparable = false;
  return 0;
}

}  // namespace freshet::processors
