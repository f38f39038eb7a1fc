#include "processors/values/text_coercions.h"

#include <cstring>

#include "processors/json/json_number.h"

namespace freshet::processors {
namespace {

JsonString constant(std::string_view text) { return {text, true}; }

}  // namespace

bool TextCoercions::read_any(OptionalText& out) {
  out.reset();
  switch (json_.peek()) {
    case JsonKind::String:
      return json_.read_string(out.emplace());
    case JsonKind::Null:
      return json_.read_null();
    case JsonKind::Number:
      return read_number(out);
    case JsonKind::Bool: {
      bool value = false;
      if (!json_.read_bool(value)) return false;
      out = constant(value ? "true" : "false");
      return true;
    }
    case JsonKind::Array:
    case JsonKind::Object:
      return read_tree(out);
    case JsonKind::Nothing:
      break;
  }
  return json_.fail("expected a value");
}

bool TextCoercions::read_context(OptionalText& out) {
  out.reset();
  switch (json_.peek()) {
    case JsonKind::String:
      return json_.read_string(out.emplace());
    case JsonKind::Number:
      return read_number(out);
    case JsonKind::Bool: {
      bool value = false;
      if (!json_.read_bool(value)) return false;
      out = constant(value ? "True" : "False");
      return true;
    }
    default:
      return json_.check();
  }
}

bool TextCoercions::read_handled(std::optional<uint8_t>& out) {
  out.reset();
  if (json_.peek() != JsonKind::Bool) return json_.check();
  bool value = false;
  if (!json_.read_bool(value)) return false;
  out = value ? 1 : 0;
  return true;
}

bool TextCoercions::read_number(OptionalText& out) {
  JsonNumber number;
  if (!json_.read_number(number)) return false;
  char* const text = json_.scratch(kNumberRoom);
  const char* const end = write_number(number, text);
  out = JsonString{{text, static_cast<size_t>(end - text)}, true};
  return true;
}

bool TextCoercions::read_tree(OptionalText& out) {
  tree_.clear();
  const JsonNode* const node = tree_.read(json_);
  if (node == nullptr) return false;
  buffer_.clear();
  append_sorted_json(*node, buffer_);
  char* const text = json_.scratch(buffer_.size());
  std::memcpy(text, buffer_.data(), buffer_.size());
  out = JsonString{{text, buffer_.size()}, false};
  return true;
}

}  // namespace freshet::processors
