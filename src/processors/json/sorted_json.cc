#include "processors/json/sorted_json.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "processors/json/json_number.h"
#include "processors/values/sort_last_wins.h"

namespace freshet::processors {
namespace {

// The texts of most members are short. At most 31 bytes more are read and written.
char* copy_padded(std::string_view text, char* out) {
  for (size_t i = 0; i < text.size(); i += 32) std::memcpy(out + i, text.data() + i, 32);
  return out + text.size();
}

}  // namespace

void SortedJson::begin() {
  out_.clear();
  members_.clear();
}

bool SortedJson::copy(JsonReader& json, const JsonString& name, CopiedValue& value) {
  value.kind = json.peek();
  const char* const begin = json.mark().at;
  std::string_view text;
  switch (value.kind) {
    case JsonKind::Null:
      if (!json.read_null()) return false;
      text = {begin, 4};
      break;
    case JsonKind::Bool:
      if (!json.read_bool(value.flag)) return false;
      text = {begin, value.flag ? size_t{4} : size_t{5}};
      break;
    case JsonKind::Number:
      if (!json.read_number(value.number)) return false;
      if (value.number.kind == JsonNumber::Kind::Float) {
        char* const out = json.scratch(kNumberRoom);
        text = {out, static_cast<size_t>(write_f64(value.number.float_value, out) - out)};
      } else {
        text = {begin, static_cast<size_t>(json.mark().at - begin)};
      }
      break;
    case JsonKind::String:
      if (!json.read_string(value.string)) return false;
      if (value.string.plain) text = {begin, value.string.view.size() + 2};
      break;
    default:
      return add_member(name, [&] { return copy_value(json, value); });
  }
  if (!name.plain || text.empty()) {
    return add_member(name, [&] {
      text.empty() ? out_.value(value.string) : out_.raw(text);
      return true;
    });
  }
  // Filled in place: a copy of what was just written waits for each part of it.
  Member& member = members_.emplace_back();
  member.head = padded_head(name.view);
  member.name = name.view;
  member.value = text;
  return true;
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
  members_.push_back({text_head(name.view), name.view, {}, begin, out_.text().size()});
  return true;
}

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
    if (!add_member(name, [&] { return copy_value(json, ignored); })) return false;
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

std::string_view SortedJson::end(JsonReader& json) {
  if (!keeps_order()) find_order();
  const size_t most = std::accumulate(members_.begin(), members_.end(), size_t{2},
                                      [](size_t sum, const Member& member) { return sum + member.size(); });
  char* const begin = json.scratch(most);
  char* out = begin;
  *out++ = '{';
  for (const uint32_t index : order_) {
    out = write(members_[index], out);
    *out++ = ',';
  }
  if (!order_.empty()) --out;
  *out++ = '}';
  return {begin, static_cast<size_t>(out - begin)};
}

// True if the members have the order of those of the last object.
bool SortedJson::keeps_order() const {
  if (order_.size() != members_.size() || ordered_ != members_.size()) return false;
  for (size_t i = 1; i < order_.size(); ++i) {
    if (!members_[order_[i - 1]].is_before(members_[order_[i]])) return false;
  }
  return true;
}

void SortedJson::find_order() {
  ordered_ = members_.size();
  order_.resize(ordered_);
  std::iota(order_.begin(), order_.end(), 0U);
  sort_last_wins(order_, [this](uint32_t index) { return std::pair(members_[index].head, members_[index].name); });
}

char* SortedJson::write(const Member& member, char* out) const {
  if (!member.in_message()) {
    const std::string_view text = out_.text().substr(member.begin, member.end - member.begin);
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }
  out = copy_padded({member.name.data() - 1, member.name.size() + 2}, out);
  *out++ = ':';
  return copy_padded(member.value, out);
}

}  // namespace freshet::processors
