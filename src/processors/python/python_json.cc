#include "processors/python/python_json.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "processors/json/json_digits.h"
#include "processors/json/json_escapes.h"

namespace freshet::processors {
namespace {

constexpr size_t kPadding = Message::kPadding;
constexpr size_t kMostIntegerDigits = 4300;

constexpr size_t kLargeJson = 1 << 20;

// An upper bound of the number of values. A value takes at least two bytes, except open brackets in a text that turns
// out to be invalid. In large texts the values are counted: each is at the start of the text or after one of these
// characters.
size_t most_values(std::string_view text) {
  if (text.size() < kLargeJson) return text.size() / 2;
  return 1 + static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char one) {
           return one == ',' || one == ':' || one == '[' || one == '{';
         }));
}

}  // namespace

const PythonValue* PythonJson::read(std::string_view text) {
  if (text_.size() < text.size() + kPadding) {
    const size_t room = (text.size() < kLargeJson ? 2 : 1) * text.size() + kPadding;
    unescaped_.resize(room);
    text_.resize(room);  // allocated last: if it throws bad_alloc, the next read() repeats both allocations
  }
  if (!text.empty()) std::memcpy(text_.data(), text.data(), text.size());
  // A NUL ends the text, so the loops below need no check for the end.
  std::memset(text_.data() + text.size(), 0, kPadding);
  if (const size_t most = most_values(text) + kMaxDepth + 8; room_ < most) {
    const size_t room = text.size() < kLargeJson ? most + most / 2 : most;
    values_ = std::make_unique_for_overwrite<PythonValue[]>(room);
    room_ = room;  // set only now, because the allocation can fail
  }
  at_ = text_.data();
  free_ = unescaped_.data();
  next_ = values_.get();
  open_ = nullptr;
  depth_ = deepest_ = 0;
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    fail("the payload is not UTF-8");
    return nullptr;
  }
  return read_all() ? values_.get() : nullptr;
}

bool PythonJson::read_all() {
  do {
    if (!read_value()) return false;
  } while (after_value());
  if (depth_ > 0) return false;
  return *at_ == '\0' || fail("unexpected data after the value");
}

// Reads up to the end of a value: a scalar, or an empty container.
bool PythonJson::read_value() {
  while (true) {
    skip_space();
    if (*at_ == '{') {
      if (!open(PythonValue::Kind::Object)) return false;
      skip_space();
      if (*at_ == '}') return close(), true;
      if (!read_name()) return false;
    } else if (*at_ == '[') {
      if (!open(PythonValue::Kind::Array)) return false;
      skip_space();
      if (*at_ == ']') return close(), true;
      ++open_->size_;
    } else {
      return read_scalar();
    }
  }
}

// Closes the containers that end here. True: another value follows. False: the end of the whole value, or an error.
bool PythonJson::after_value() {
  while (true) {
    skip_space();
    if (depth_ == 0) return false;
    const bool object = open_->kind_ == PythonValue::Kind::Object;
    if (*at_ == ',') {
      ++at_;
      if (object) {
        skip_space();
        return read_name();
      }
      ++open_->size_;
      return true;
    }
    if (*at_ != (object ? '}' : ']')) return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
    close();
  }
}

bool PythonJson::read_name() {
  if (*at_ != '"') return fail("expected a field's name");
  if (!read_string()) return false;
  skip_space();
  if (*at_ != ':') return fail("expected ':' after a field's name");
  ++at_;
  ++open_->size_;
  return true;
}

bool PythonJson::open(PythonValue::Kind kind) {
  if (depth_ >= kMaxDepth) return fail("nested too deeply");
  deepest_ = std::max(deepest_, ++depth_);
  PythonValue& container = add(kind, nullptr, 0);
  container.past_ = open_;
  open_ = &container;
  ++at_;
  return true;
}

bool PythonJson::read_scalar() {
  using Kind = PythonValue::Kind;
  switch (*at_) {
    case '"':
      return read_string();
    case 'n':
      if (!literal("null")) break;
      return add(Kind::Null, nullptr, 0), true;
    case 't':
      if (!literal("true")) break;
      return add(Kind::True, nullptr, 0), true;
    case 'f':
      if (!literal("false")) break;
      return add(Kind::False, nullptr, 0), true;
    default:
      return read_number();
  }
  return fail("expected a value");
}

// --- strings --------------------------------------------------------------------------------------------------------

// at_ is at the first escape of the string that started at `start`, or at a byte that is not valid in it.
bool PythonJson::read_other_string(const char* start) {
  char* const begin = free_;
  const auto plain = static_cast<size_t>(at_ - start);
  std::memcpy(begin, start, plain);
  char* out = begin + plain;
  const Unescaped rest = unescape(at_, out);
  at_ = rest.stop;
  if (rest.error != nullptr) return fail(rest.error);
  if (*at_ != '"') return fail("a string does not end, or has a control character");
  ++at_;
  free_ = out;
  add(PythonValue::Kind::String, begin, static_cast<size_t>(out - begin));
  return true;
}

// --- numbers --------------------------------------------------------------------------------------------------------

bool PythonJson::read_number() {
  const char* const begin = at_;
  if (*at_ == '-') ++at_;
  if (literal("NaN") || literal("Infinity") || literal("Inf")) {
    add(PythonValue::Kind::Float, begin, static_cast<size_t>(at_ - begin));
    return true;
  }
  const char* const digits = at_;
  at_ = pass_digits(at_);
  const auto count = static_cast<size_t>(at_ - digits);
  if (count == 0) return fail("expected a value");
  if (*digits == '0' && count > 1) return fail("a number starts with 0");
  if (*at_ == '.' || *at_ == 'e' || *at_ == 'E') {
    if (!read_fraction_and_exponent(digits, count)) return false;
    add(PythonValue::Kind::Float, begin, static_cast<size_t>(at_ - begin));
    return true;
  }
  if (count > kMostIntegerDigits) return fail("an integer has more than 4300 digits");
  const char* const first = *digits == '0' ? digits : begin;  // -0 is 0
  add(PythonValue::Kind::Integer, first, static_cast<size_t>(at_ - first));
  return true;
}

// The limit of the exponent is that of Snuba's JSON reader (docs/snuba-data-sets.md, 10); a value that is too large but
// within the limit becomes infinite.
bool PythonJson::read_fraction_and_exponent(const char* digits, size_t integer_digits) {
  size_t counted = 0;
  if (*at_ == '.') {
    const char* const fraction = ++at_;
    at_ = pass_digits(at_);
    if (at_ == fraction) return fail("a number has no digits after its point");
    const auto size = static_cast<size_t>(at_ - fraction);
    if (*digits == '0') {
      const auto zeros = static_cast<size_t>(std::find_if(fraction, at_, [](char c) { return c != '0'; }) - fraction);
      counted = std::min(size, 17 + zeros);
    } else {
      counted = std::min(size, integer_digits < 18 ? 18 - integer_digits : 0);
    }
  }
  if (*at_ != 'e' && *at_ != 'E') return true;
  ++at_;
  const bool down = *at_ == '-';
  if (*at_ == '+' || *at_ == '-') ++at_;
  if (!is_digit(*at_)) return fail("a number's exponent has no digits");
  uint64_t exponent = 0;
  for (; is_digit(*at_); ++at_) {
    if (exponent < 1'000'000'000'000) exponent = exponent * 10 + static_cast<uint64_t>(*at_ - '0');
  }
  return down || exponent <= 308 + counted || fail("a number is out of range");
}

}  // namespace freshet::processors
