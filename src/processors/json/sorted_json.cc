#include "processors/json/sorted_json.h"

#include <utility>

#include "processors/values/sort_last_wins.h"

namespace freshet::processors {

void SortedJson::begin() {
  out_.clear();
  members_.clear();
  out_.begin_object();
}

bool SortedJson::copy(JsonReader& json, const JsonString& name, CopiedValue& value) {
  return add_member(name, [&] { return copy_value(json, value); });
}

void SortedJson::add(std::string_view name, std::string_view value) {
  add_member({name, true}, [&] {
    out_.raw(value);
    return true;
  });
}

template <typename WriteValue>
bool SortedJson::add_member(const JsonString& name, WriteValue write_value) {
  const size_t before = out_.text().size();
  out_.key(name);
  const size_t begin = before + (out_.text()[before] == ',' ? 1 : 0);
  if (!write_value()) return false;
  members_.push_back({text_head(name.view), name.view, begin, out_.text().size()});
  return true;
}

// The text of the member stays until close_object().
void SortedJson::drop_last() { members_.pop_back(); }

bool SortedJson::copy_value(JsonReader& json, CopiedValue& value) {
  value.kind = json.peek();
  switch (value.kind) {
    case JsonKind::Null:
      if (!json.read_null()) return false;
      out_.value(nullptr);
      return true;
    case JsonKind::Bool:
      if (!json.read_bool(value.flag)) return false;
      out_.value(value.flag);
      return true;
    case JsonKind::Number:
      if (!json.read_number(value.number)) return false;
      out_.value(value.number);
      return true;
    case JsonKind::String:
      if (!json.read_string(value.string)) return false;
      out_.value(value.string);
      return true;
    case JsonKind::Array:
      return copy_array(json);
    case JsonKind::Object:
      return copy_object(json);
    case JsonKind::Nothing:
      break;
  }
  return json.fail("expected a value");
}

bool SortedJson::copy_array(JsonReader& json) {
  CopiedValue ignored;
  out_.begin_array();
  for (json.enter_array(); json.next_element();) {
    if (!copy_value(json, ignored)) return false;
  }
  out_.end_array();
  return !json.failed();
}

bool SortedJson::copy_object(JsonReader& json) {
  const size_t first_member = members_.size();
  out_.begin_object();
  const size_t begin = out_.text().size() - 1;
  CopiedValue ignored;
  JsonString name;
  for (json.enter_object(); json.next_key(name);) {
    if (!copy(json, name, ignored)) return false;
  }
  if (json.failed()) return false;
  close_object(first_member, begin);
  return true;
}

// The object's bracket is at `begin`. Its members are those from `first_member` on.
void SortedJson::close_object(size_t first_member, size_t begin) {
  const auto first = members_.begin() + static_cast<std::ptrdiff_t>(first_member);
  const auto last =
      sort_last_wins(first, members_.end(), [](const Member& member) { return std::pair(member.head, member.name); });
  unsorted_.assign(out_.text(), begin);
  out_.cut_to_begin(begin + 1);
  for (auto member = first; member != last; ++member) {
    out_.raw(std::string_view(unsorted_).substr(member->begin - begin, member->end - member->begin));
  }
  out_.end_object();
  members_.resize(first_member);
}

}  // namespace freshet::processors
