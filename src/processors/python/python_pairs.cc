#include "processors/python/python_pairs.h"

#include <algorithm>

#include "processors/json/utf8.h"
#include "processors/python/python_numbers.h"
#include "processors/values/sort_last_wins.h"

namespace freshet::processors {
namespace {

// Both keys must be of one kind.
int compare_keys(const PythonPairs::Pair& a, const PythonPairs::Pair& b) {
  if (!a.key->is_string()) return compare_numbers(*a.key, *b.key);
  if (a.head != b.head) return a.head < b.head ? -1 : 1;
  return a.key->view().compare(b.key->view());
}

}  // namespace

bool PythonPairs::read(const PythonValue* value) {
  pairs_.clear();
  parts_.clear();
  if (value == nullptr || value->is_null()) return true;
  if (value->is_array()) return read_array(*value);
  if (!value->is_object()) return value->is_string() && value->view().empty();
  for (const PythonValue* key = value->begin(); key != value->end(); key = key[1].after()) add(*key, key[1]);
  return true;
}

void PythonPairs::add(const PythonValue& key, const PythonValue& value) {
  const uint64_t head = key.is_string() ? text_head(key.view()) : 0;
  pairs_.push_back({&key, &value, head, static_cast<uint32_t>(pairs_.size())});
}

bool PythonPairs::read_array(const PythonValue& array) {
  for (const PythonValue* item = array.begin(); item != array.end(); item = item->after()) {
    if (!item->is_null() && !read_item(*item)) return false;
  }
  return true;
}

bool PythonPairs::read_item(const PythonValue& item) {
  if (item.is_string()) return read_text(item.string());
  if (!item.is_array() || item.count() == 0) return false;
  const PythonValue* const key = item.begin();
  if (key->is_null()) return true;
  if (key->is_container() || item.count() < 2) return false;
  add(*key, *key->after());
  return true;
}

bool PythonPairs::read_text(const JsonString& text) {
  const std::string_view key = first_code_points(text.view, 1);
  const std::string_view value = first_code_points(text.view.substr(key.size()), 1);
  if (value.empty()) return false;
  const auto& first = parts_.emplace_back(JsonString{key, text.plain});
  add(first, parts_.emplace_back(JsonString{value, text.plain}));
  return true;
}

const PythonValue* PythonPairs::find(std::string_view name) const {
  const auto last =
      std::find_if(pairs_.rbegin(), pairs_.rend(), [&](const Pair& one) { return one.key->is_string(name); });
  return last == pairs_.rend() ? nullptr : last->value;
}

bool PythonPairs::sort() {
  if (pairs_.empty()) return true;
  const bool text = pairs_.front().key->is_string();
  const bool alike =
      std::all_of(pairs_.begin(), pairs_.end(), [text](const Pair& one) { return one.key->is_string() == text; });
  if (!alike) return false;
  std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) {
    const int order = compare_keys(a, b);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  collapse();
  return true;
}

// Requires equal keys to be adjacent in their original order. Keeps the first spelling of the key and the last value.
void PythonPairs::collapse() {
  size_t kept = 0;
  for (const Pair& one : pairs_) {
    if (kept > 0 && compare_keys(pairs_[kept - 1], one) == 0) {
      pairs_[kept - 1].value = one.value;
    } else {
      pairs_[kept++] = one;
    }
  }
  pairs_.resize(kept);
}

void PythonPairs::keep_tags() {
  std::erase_if(pairs_, [](const Pair& one) { return !is_tag_value(*one.value); });
}

bool is_tag_value(const PythonValue& value) { return !value.is_null() && !(value.is_string() && value.view().empty()); }

bool is_context_value(const PythonValue& value) {
  return value.is_number() || (value.is_string() && !value.view().empty());
}

}  // namespace freshet::processors
