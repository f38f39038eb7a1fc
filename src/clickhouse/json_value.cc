#include "clickhouse/json_value.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace freshet::clickhouse {
namespace {

using nlohmann::json;
using Kind = JsonValue::Kind;

constexpr size_t kMaxDepth = 600;  // more than any processor accepts

// Reads valid JSON, and the bare words that Python's json module writes (Infinity, NaN), which count as numbers.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool read(JsonValue& out) {
    skip_space();
    if (at_ >= text_.size() || ++depth_ > kMaxDepth) return false;
    const char c = text_[at_];
    const bool read = c == '{' || c == '[' ? read_container(out) : c == '"' ? read_string(out) : read_word(out);
    --depth_;
    return read;
  }
  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool read_container(JsonValue& out) {
    const bool object = text_[at_++] == '{';
    const char end = object ? '}' : ']';
    out.kind = object ? Kind::Object : Kind::Array;
    if (take(end)) return true;
    do {
      JsonValue name;
      skip_space();
      if (object && (at_ >= text_.size() || text_[at_] != '"' || !read_string(name) || !take(':'))) return false;
      if (object) out.names.push_back(std::move(name.text));
      if (!read(out.elements.emplace_back())) return false;
    } while (take(','));
    return take(end);
  }

  bool read_string(JsonValue& out) {
    const size_t begin = at_++;
    bool plain = true;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') continue;
      plain = false;
      ++at_;
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    out.kind = Kind::String;
    out.text = text_.substr(begin + 1, at_ - begin - 2);
    if (plain) return true;
    const json unescaped = parse_json(text_.substr(begin, at_ - begin));
    if (unescaped.is_string()) out.text = unescaped.get<std::string>();  // a lone surrogate stays as written
    return true;
  }

  bool read_word(JsonValue& out) {
    const size_t end = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    out.text = text_.substr(at_, end - at_);
    at_ = end;
    if (out.text.empty()) return false;
    if (out.text == "null") {
      out.text.clear();
      return true;
    }
    const bool boolean = out.text == "true" || out.text == "false";
    const bool number = out.text.find_first_of("0123456789") != std::string::npos || out.text.ends_with("Infinity") ||
                        out.text.ends_with("NaN");
    out.kind = boolean ? Kind::Bool : Kind::Number;
    return boolean || number;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

void append(const JsonValue& value, size_t limit, std::string& out) {
  if (out.size() > limit) return;
  switch (value.kind) {
    case Kind::Null:
      out += "null";
      return;
    case Kind::String:
      out += quoted_json(value.text);
      return;
    case Kind::Bool:
    case Kind::Number:
      out += value.text;
      return;
    case Kind::Array:
    case Kind::Object:
      break;
  }
  const bool object = value.kind == Kind::Object;
  out += object ? '{' : '[';
  for (size_t i = 0; i < value.elements.size(); ++i) {
    if (i > 0) out += ',';
    if (object) out += quoted_json(value.names[i]) + ":";
    append(value.elements[i], limit, out);
  }
  out += object ? '}' : ']';
}

}  // namespace

std::optional<JsonValue> JsonValue::parse(std::string_view text) {
  JsonValue value;
  Reader reader(text);
  if (!reader.read(value) || !reader.at_end()) return std::nullopt;
  return value;
}

std::string JsonValue::shown(size_t limit) const {
  std::string out;
  append(*this, limit, out);
  if (out.size() > limit) out = out.substr(0, limit) + "...";
  return out;
}

}  // namespace freshet::clickhouse
