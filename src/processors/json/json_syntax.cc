#include "processors/json/json_syntax.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <bit>

#include "processors/json/json_digits.h"
#include "processors/json/json_scan.h"

namespace freshet::processors {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// The length of the character at `p` by RFC 3629; 0 if it is not valid.
size_t utf8_length(const unsigned char* p, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (p[i] & 0xC0) == 0x80; };
  if (p[0] < 0x80) return 1;
  if (p[0] >= 0xC2 && p[0] <= 0xDF) return continues(1) ? 2 : 0;
  if (p[0] >= 0xE0 && p[0] <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0;
    return p[0] == 0xED && p[1] > 0x9F ? 0 : 3;
  }
  if (p[0] >= 0xF0 && p[0] <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (p[0] == 0xF0 && p[1] < 0x90) return 0;
    return p[0] == 0xF4 && p[1] > 0x8F ? 0 : 4;
  }
  return 0;
}

size_t first_bad_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t i = 0;
  while (i < text.size()) {
    const size_t length = utf8_length(bytes + i, text.size() - i);
    if (length == 0) break;
    i += length;
  }
  return i;
}

// One bit per level: object or array.
class Nesting {
 public:
  bool push(bool object) {
    if (depth_ == kMaxJsonDepth) return false;
    const uint64_t bit = uint64_t{1} << (depth_ % 64);
    uint64_t& word = bits_[depth_ / 64];
    word = object ? word | bit : word & ~bit;
    ++depth_;
    return true;
  }
  void pop() { --depth_; }
  bool in_object() const { return (bits_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1) != 0; }
  size_t depth() const { return depth_; }

 private:
  std::array<uint64_t, kMaxJsonDepth / 64> bits_{};
  size_t depth_ = 0;
};

class SyntaxScanner {
 public:
  SyntaxScanner(std::string_view text, JsonObjects* out)
      : begin_(text.data()), p_(text.data()), end_(text.data() + text.size()), out_(out) {}

  JsonCheck check() {
    JsonCheck result;
    while (true) {
      skip_space();
      if (p_ == end_) break;
      const char* object = p_;
      if (*p_ != '{') {
        fail("expected an object");
        error_.no_object = true;
      } else if (read_object(result.objects)) {
        if (out_ != nullptr) out_->objects.emplace_back(object, static_cast<size_t>(p_ - object));
        ++result.objects;
        continue;
      }
      result.error = error_;
      return result;
    }
    if (result.objects == 0) {
      fail("expected an object");
      error_.no_object = true;
      result.error = error_;
    }
    return result;
  }

 private:
  bool fail(const char* what) {
    error_ = {static_cast<size_t>(p_ - begin_), what, false, false};
    return false;
  }

  void skip_space() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
  }

  // At '{'; ends after the matching '}'.
  bool read_object(size_t index) {
    Nesting nesting;
    nesting.push(true);
    ++p_;
    if (!open_object(nesting)) return false;
    if (nesting.depth() == 0) return true;
    std::string_view name = name_;
    const char* value = p_;
    escaped_ = false;
    while (true) {
      // At the first byte of a value.
      if (p_ == end_) return fail("expected a value");
      const char c = *p_;
      bool opened = false;
      if (c == '{' || c == '[') {
        if (!nesting.push(c == '{')) return fail("nested too deeply");
        ++p_;
        const size_t depth = nesting.depth();
        if (!(c == '{' ? open_object(nesting) : open_array(nesting))) return false;
        opened = nesting.depth() == depth;
      } else if (!read_scalar(c)) {
        return false;
      }
      if (opened) continue;  // at its first value
      if (!after_value(nesting, index, name, value)) return false;
      if (nesting.depth() == 0) return true;
    }
  }

  // After a value: closes the containers that end here and moves to the next value. Records fields of the top-level
  // object.
  bool after_value(Nesting& nesting, size_t index, std::string_view& name, const char*& value) {
    while (true) {
      if (nesting.depth() == 1 && out_ != nullptr) {
        out_->fields.push_back({index, name, {value, static_cast<size_t>(p_ - value)}, !escaped_});
      }
      skip_space();
      const bool object = nesting.in_object();
      if (p_ == end_) return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
      if (*p_ == ',') {
        ++p_;
        skip_space();
        if (!object) return true;
        if (!read_name()) return false;
        if (nesting.depth() == 1) {
          name = name_;
          value = p_;
          escaped_ = false;
        }
        return true;
      }
      if (*p_ != (object ? '}' : ']')) return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
      ++p_;
      nesting.pop();
      if (nesting.depth() == 0) return true;
    }
  }

  // After '{': moves to its first value, or closes it.
  bool open_object(Nesting& nesting) {
    skip_space();
    if (p_ != end_ && *p_ == '}') {
      ++p_;
      nesting.pop();
      return true;
    }
    return read_name();
  }

  bool open_array(Nesting& nesting) {
    skip_space();
    if (p_ != end_ && *p_ == ']') {
      ++p_;
      nesting.pop();
    }
    return true;
  }

  // Reads a field's name and its colon; ends at the value.
  bool read_name() {
    if (p_ == end_ || *p_ != '"') return fail("expected a field name in quotes");
    const char* name = p_ + 1;
    if (!read_string()) return false;
    name_ = {name, static_cast<size_t>(p_ - 1 - name)};
    skip_space();
    if (p_ == end_ || *p_ != ':') return fail("expected ':' after the field name");
    ++p_;
    skip_space();
    return true;
  }

  bool read_scalar(char c) {
    if (c == '"') return read_string();
    if (c == '-' || is_digit(c)) return read_number();
    if (c == 't') return read_word("true");
    if (c == 'f') return read_word("false");
    if (c == 'n') return read_word("null");
    return fail("expected a value");
  }

  bool read_word(std::string_view word) {
    if (static_cast<size_t>(end_ - p_) < word.size() || std::string_view(p_, word.size()) != word) {
      return fail("expected a value");
    }
    p_ += word.size();
    return true;
  }

  bool read_digits() {
    if (p_ == end_ || !is_digit(*p_)) return fail("expected a digit");
    while (p_ != end_ && is_digit(*p_)) ++p_;
    return true;
  }

  bool read_number() {
    if (*p_ == '-') ++p_;
    if (p_ != end_ && *p_ == '0') {
      ++p_;
      if (p_ != end_ && is_digit(*p_)) return fail("a number must not start with 0");
    } else if (!read_digits()) {
      return false;
    }
    if (p_ != end_ && *p_ == '.') {
      ++p_;
      if (!read_digits()) return false;
    }
    if (p_ != end_ && (*p_ | 0x20) == 'e') {
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      if (!read_digits()) return false;
    }
    return true;
  }

  // At the opening quote; ends after the closing one.
  bool read_string() {
    ++p_;
    while (true) {
      skip_plain_bytes();
      if (p_ == end_) return fail("the string does not end");
      const char c = *p_;
      if (c == '"') {
        ++p_;
        return true;
      }
      if (c != '\\') {
        if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
        ++p_;
        continue;
      }
      if (!read_escape()) return false;
    }
  }

  // Stops at a quote, a backslash or a control character, or before the last 16 bytes.
  void skip_plain_bytes() {
    while (end_ - p_ >= 16) {
      const unsigned special = special_of_sixteen(p_);
      if (special != 0) {
        p_ += std::countr_zero(special);
        return;
      }
      p_ += 16;
    }
  }

  bool read_escape() {
    escaped_ = true;
    ++p_;
    if (p_ == end_) return fail("the string does not end");
    switch (*p_) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        ++p_;
        return true;
      case 'u':
        ++p_;
        for (int i = 0; i < 4; ++i, ++p_) {
          if (p_ == end_ || !is_hex(*p_)) return fail("expected four hex digits after \\u");
        }
        return true;
      default:
        return fail("an unknown escape in a string");
    }
  }

  const char* const begin_;
  const char* p_;
  const char* const end_;
  JsonObjects* const out_;
  std::string_view name_;
  bool escaped_ = false;  // since the field's value began
  JsonError error_;
};

uint32_t hex4(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    value = value * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

void append_utf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
            static_cast<char>(0x80 | (code & 0x3F))};
  } else {
    out += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3F)),
            static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
  }
}

// Unescapes `raw`, which has been checked: every escape is complete.
std::string unescaped(std::string_view raw) {
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    switch (const char c = raw[++i]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        uint32_t code = hex4(raw.substr(i + 1));
        i += 4;
        const bool high = code >= 0xD800 && code < 0xDC00;
        if (high && raw.size() - i > 6 && raw[i + 1] == '\\' && raw[i + 2] == 'u') {
          const uint32_t low = hex4(raw.substr(i + 3));
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 6;
          }
        }
        append_utf8(code, out);
        break;
      }
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

JsonCheck check_json_objects(std::string_view text, JsonObjects* out) {
  if (out != nullptr) {
    out->objects.clear();
    out->fields.clear();
  }
  JsonCheck result = SyntaxScanner(text, out).check();
  if (is_utf8(text)) return result;
  const size_t position = first_bad_utf8(text);
  if (!result.error || position <= result.error->position) {
    result.error = JsonError{position, "not UTF-8", true, false};
  }
  return result;
}

bool same_name(std::string_view raw, std::string_view name) {
  if (raw == name) return raw.find('\\') == std::string_view::npos;
  return raw.find('\\') != std::string_view::npos && unescaped(raw) == name;
}

}  // namespace freshet::processors
