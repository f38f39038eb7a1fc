#include "processors/python/python_json.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "processors/json/json_digits.h"
#include "processors/json/json_escapes.h"
#include "processors/json/json_scan.h"

namespace freshet::processors {
namespace {

constexpr size_t kMostIntegerDigits = 4300;

// An upper bound of the number of values. A value takes at least two bytes, except open brackets in a text that turns
// out to be invalid. In large texts the values are counted: each is at the start of the text or after one of these
// characters.
size_t most_values(std::string_view text) {
  if (text.size() < PaddedText::kLarge) return text.size() / 2;
  return 1 + static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char one) {
           return one == ',' || one == ':' || one == '[' || one == '{';
         }));
}

}  // namespace

const PythonValue* PythonJson::read(std::string_view text) {
  if (unescaped_.size() < text.size()) unescaped_.resize(PaddedText::with_room_to_grow(text.size()));
  if (const size_t most = most_values(text) + kMaxDepth + 8; room_ < most) {
    const size_t room = text.size() < PaddedText::kLarge ? most + most / 2 : most;
    values_ = std::make_unique_for_overwrite<PythonValue[]>(room);
    room_ = room;  // set only now, because the allocation can fail
  }
  at_ = begin_ = text_.copy(text);
  free_ = unescaped_.data();
  next_ = values_.get();
  open_ = nullptr;
  deepest_ = 0;
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    fail("the payload is not UTF-8");
    return nullptr;
  }
  const char* const end = walk_json(begin_, *this);
  if (end == nullptr) return nullptr;
  at_ = after_space(end);
  return *at_ == '\0' || fail("unexpected data after the value") ? values_.get() : nullptr;
}

bool PythonJson::open(const char* at, bool object, size_t depth) {
  if (depth >= kMaxDepth) return fail(at, "nested too deeply") != nullptr;
  deepest_ = std::max(deepest_, static_cast<uint32_t>(depth) + 1);
  PythonValue& container = add(object ? PythonValue::Kind::Object : PythonValue::Kind::Array, nullptr, 0);
  container.past_ = open_;
  open_ = &container;
  return true;
}

const char* PythonJson::odd_string(const char* start, const char* at, JsonPlace place) {
  char* const begin = free_;
  char* out = std::copy(start, at, begin);
  const Unescaped rest = unescape(at, out);
  if (rest.error != nullptr) return fail(rest.stop, rest.error);
  if (*rest.stop != '"') return fail(rest.stop, "a string does not end, or has a control character");
  free_ = out;
  add(PythonValue::Kind::String, begin, static_cast<size_t>(out - begin));
  if (place.name) ++open_->size_;
  return rest.stop;
}

// --- scalars --------------------------------------------------------------------------------------------------------

bool PythonJson::read_scalar() {
  using Kind = PythonValue::Kind;
  switch (*at_) {
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
