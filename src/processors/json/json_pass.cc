// JsonReader's code for skipping values, which are most of the bytes of most messages.
#include <array>
#include <cstring>

#include "processors/json/json_digits.h"
#include "processors/json/json_escapes.h"
#include "processors/json/json_number.h"
#include "processors/json/json_reader.h"

namespace freshet::processors {
namespace {

// The open brackets: one bit each, set for an object.
class OpenBrackets {
 public:
  explicit OpenBrackets(std::vector<uint64_t>& spilled) : spilled_(spilled) { spilled_.clear(); }

  size_t size() const { return size_; }
  bool in_object() const { return (bits_ & 1) != 0; }
  void push(bool object) {
    if (size_ % 64 == 0 && size_ > 0) spilled_.push_back(bits_);
    bits_ = bits_ << 1 | (object ? 1 : 0);
    ++size_;
  }
  void pop() {
    --size_;
    bits_ >>= 1;
    if (size_ % 64 != 0 || size_ == 0) return;
    bits_ = spilled_.back();
    spilled_.pop_back();
  }

 private:
  uint64_t bits_ = 0;  // of the innermost 1 to 64
  size_t size_ = 0;
  std::vector<uint64_t>& spilled_;
};

// A number without exponent that is short enough to be in range. Null: use the slow path.
const char* pass_short_number(const char* at) {
  constexpr ptrdiff_t kShort = 40;
  const char* const begin = at;
  if (*at == '-') ++at;
  const char* const digits = at;
  at = pass_digits(at);
  if (at == digits || (*digits == '0' && at - digits > 1)) return nullptr;
  if (*at == '.') {
    const char* const fraction = ++at;
    at = pass_digits(at);
    if (at == fraction) return nullptr;
  }
  return (*at | 0x20) == 'e' || at - begin > kShort ? nullptr : at;
}

}  // namespace

template <bool Strict>
const char* JsonReader::pass_number(const char* at) {
  if (const char* const end = pass_short_number(at)) return end;
  const char* error = nullptr;
  if constexpr (Strict) {
    JsonNumber ignored;
    at = parse_number(at, ignored, error);
  } else {
    at = pass_number_syntax(at, error);
  }
  return error == nullptr ? at : fail_at(at, error);
}

// `at` is the opening quote.
template <bool Strict>
inline const char* JsonReader::pass_string(const char* at) {
  const char* const start = at + 1;
  bool ascii = true;
  at = scan_string(start, ascii);
  if (*at == '"' && (!Strict || ascii)) return at + 1;
  return pass_escapes<Strict>(start, at, ascii);
}

template <bool Strict>
const char* JsonReader::pass_escapes(const char* start, const char* at, bool ascii) {
  for (; *at == '\\'; at = scan_string(at, ascii)) {
    std::array<char, 4> character;
    char* put = character.data();
    const char* error = nullptr;
    const char* const end = read_escape(at + 1, put, error);
    const bool after_first = end >= at + 6;  // of two for a pair of surrogates
    if (error != nullptr && (Strict || !after_first)) return fail_at(after_first ? at + 6 : at, error);
    at = error == nullptr ? end : at + 6;
  }
  if (*at != '"') return fail_at(at, at >= end_ ? "a string does not end" : "a control character in a string");
  if (Strict && !ascii && !is_utf8(start, at)) return fail_at(at, "a string is not UTF-8");
  return at + 1;
}

template <bool Strict>
bool JsonReader::pass_value() {
  if (failed()) return false;
  OpenBrackets open(levels_);
  const char* at = at_;
  const auto wrong = [&](const char* what) { return fail_at(at, what) != nullptr; };
value:
  at = after_space(at);
  switch (*at) {
    case '"':
      at = pass_string<Strict>(at);
      break;
    case '{':
    case '[': {
      const bool object = *at == '{';
      if (Strict && depth_ + open.size() >= kMaxDepth) return wrong("nested too deeply");
      at = after_space(at + 1);
      if (*at == (object ? '}' : ']')) {
        ++at;
        break;
      }
      open.push(object);
      if (object) goto key;
      goto value;
    }
    case 'n':
    case 't':
      if (std::memcmp(at, *at == 'n' ? "null" : "true", 4) != 0) return wrong("expected a value");
      at += 4;
      break;
    case 'f':
      if (std::memcmp(at, "false", 5) != 0) return wrong("expected a value");
      at += 5;
      break;
    default:
      if (*at != '-' && !is_digit(*at)) return wrong("expected a value");
      at = pass_number<Strict>(at);
  }
  if (at == nullptr) return false;
after_value:
  if (open.size() == 0) {
    at_ = at;
    return true;
  }
  at = after_space(at);
  if (open.in_object()) {
    if (*at == ',') {
      at = after_space(at + 1);
      goto key;
    }
    if (*at != '}') return wrong("expected ',' or '}'");
  } else {
    if (*at == ',') {
      ++at;
      goto value;
    }
    if (*at != ']') return wrong("expected ',' or ']'");
  }
  open.pop();
  ++at;
  goto after_value;
key:
  if (*at != '"') return wrong("expected a field's name");
  at = pass_string<Strict>(at);
  if (at == nullptr) return false;
  at = after_space(at);
  if (*at != ':') return wrong("expected ':' after a field's name");
  ++at;
  goto value;
}

bool JsonReader::skip() { return pass_value<false>(); }
bool JsonReader::check() { return pass_value<true>(); }

}  // namespace freshet::processors
