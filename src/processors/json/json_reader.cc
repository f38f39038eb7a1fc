#include "processors/json/json_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "processors/json/json_digits.h"
#include "processors/json/json_escapes.h"
#include "processors/json/json_number.h"
#include "processors/json/json_scan.h"
#include "processors/json/wide_scan.h"

namespace freshet::processors {
namespace {

constexpr size_t kBlock = 16 * 1024;

// Reads an integer from 0 to 255 without branching on its length. Returns the number of digits, or 0 if it is invalid.
size_t read_byte(const char* at, uint32_t& value) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  constexpr std::array<uint32_t, 4> kLeast = {0, 0, 10, 100};  // the smallest number with this many digits
  uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  word ^= 0x30303030;
  const uint32_t others = ((word + 0x76767676) | word) & 0x80808080;  // as in read_digits()
  const size_t digits = others == 0 ? 0 : static_cast<size_t>(__builtin_ctz(others)) / 8;
  if (digits == 0) return 0;
  word <<= 8 * (4 - digits);
  value = (word >> 8 & 15) * 100 + (word >> 16 & 15) * 10 + (word >> 24);
  return value > 255 || value < kLeast[digits] ? 0 : digits;
#else
  size_t digits = 0;
  for (value = 0; digits < 3 && is_digit(at[digits]); ++digits)
    value = value * 10 + static_cast<uint32_t>(at[digits] - '0');
  return value > 255 || (*at == '0' && digits > 1) ? 0 : digits;
#endif
}

}  // namespace

bool JsonReader::is_utf8(const char* begin, const char* end) {
  return simdjson::validate_utf8(begin, static_cast<size_t>(end - begin));
}

double JsonNumber::as_double() const {
  switch (kind) {
    case Kind::Unsigned:
      return static_cast<double>(unsigned_value);
    case Kind::Negative:
      return static_cast<double>(negative_value);
    case Kind::Float:
      return float_value;
  }
  return 0;
}

void JsonReader::open(std::string_view text) { begin(text_.copy(text), text.size()); }
void JsonReader::open_padded(std::string_view text) { begin(text.data(), text.size()); }
void JsonReader::open(const Message& message) { begin(text_.of(message), message.payload->size()); }

void JsonReader::begin(const char* padded, size_t size) {
  begin_ = at_ = padded;
  end_ = begin_ + size;
  what_ = nullptr;
  depth_ = 0;
  first_ = false;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  used_ = 0;
  next_known_ = 0;
}

char* JsonReader::scratch(size_t size) {
  if (blocks_.empty() || blocks_.back().size - used_ < size + Message::kPadding) {
    const size_t bytes = std::max(kBlock, PaddedText::with_room_to_grow(size + Message::kPadding));
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
    used_ = 0;
  }
  char* room = blocks_.back().memory.get() + used_;
  used_ += size;
  return room;
}

bool JsonReader::fail(const char* what) {
  if (failed()) return false;
  what_ = what;
  failed_at_ = at_;
  at_ = end_;
  first_ = false;
  return false;
}

std::string JsonReader::error_text() const { return fmt::format("invalid message at byte {}: {}", position(), what()); }

// --- containers -----------------------------------------------------------------------------------------------------

bool JsonReader::open_level() {
  if (depth_ >= kMaxDepth) return fail("nested too deeply");
  ++depth_;
  first_ = true;
  ++at_;
  return true;
}

bool JsonReader::enter_object() {
  skip_space();
  return *at_ == '{' ? open_level() : fail("expected an object");
}

bool JsonReader::enter_array() {
  skip_space();
  return *at_ == '[' ? open_level() : fail("expected an array");
}

void JsonReader::keep_gap(const Mark& from, const JsonString& key, int field, JsonGaps& gaps) {
  JsonGap& gap = gaps.last;
  const char* const end = after_space(at_);
  const auto size = static_cast<size_t>(end - from.at);
  if (size > gap.text.size() || !key.plain) return;
  gaps.before = gap;
  std::memcpy(gap.text.data(), from.at, size);
  gap.size = static_cast<uint8_t>(size);
  gap.name_at = static_cast<uint8_t>(key.view.data() - from.at);
  gap.name_size = static_cast<uint8_t>(key.view.size());
  gap.field = static_cast<int8_t>(field);
}

JsonGaps* JsonReader::other_gaps(const void* of, size_t count) {
  auto known = std::find_if(known_.begin(), known_.end(), [of](const KnownGaps& one) { return one.of == of; });
  if (known == known_.end()) {
    known = known_.insert(known, KnownGaps{of, std::make_unique<JsonGaps[]>(count)});
  }
  next_known_ = static_cast<size_t>(known - known_.begin()) + 1;
  return known->gaps.get();
}

// Producers send whole documents as such arrays, so this makes no call per element.
bool JsonReader::read_bytes(std::string_view& out) {
  if (!enter_array()) return false;
  char* const begin = scratch(static_cast<size_t>(end_ - at_) / 2 + 1 + Message::kPadding);
  char* put = begin;
  skip_space();
  const auto expect_value = [this] {
    if (is_digit(*at_)) return true;
    skip_space();
    return *at_ != ']' || fail("expected a value");
  };
  at_ = WideScan::kBest.read_bytes(at_, put);
  if (put != begin && !expect_value()) return false;
  while (*at_ != ']') {
    uint32_t value = 0;
    const size_t digits = read_byte(at_, value);
    if (digits == 0) return fail("expected a byte, 0 to 255");
    at_ += digits;
    *put++ = static_cast<char>(value);
    if (*at_ != ',') {
      skip_space();
      if (*at_ == ']') break;
      if (*at_ != ',') return fail("expected ',' or ']'");
    }
    ++at_;
    if (!expect_value()) return false;
  }
  std::memset(put, 0, Message::kPadding);
  out = {begin, static_cast<size_t>(put - begin)};
  used_ = static_cast<size_t>(put - blocks_.back().memory.get()) + Message::kPadding;
  close_level();
  return true;
}

// --- scalars --------------------------------------------------------------------------------------------------------

bool JsonReader::literal(const char* word, size_t size) {
  if (std::memcmp(at_, word, size) != 0) return false;
  at_ += size;
  return true;
}

bool JsonReader::read_null() {
  skip_space();
  return literal("null", 4) || fail("expected null");
}

bool JsonReader::read_bool(bool& out) {
  skip_space();
  if (literal("true", 4)) {
    out = true;
    return true;
  }
  out = false;
  return literal("false", 5) || fail("expected true or false");
}

// at_ is at the opening quote, `stop` where scan_string() ended.
bool JsonReader::read_other_string(const char* stop, bool ascii, JsonString& out) {
  const char* const start = at_ + 1;
  at_ = stop;
  if (*stop == '\\') return unescape(start, out);
  if (*stop != '"') return fail(stop >= end_ ? "a string does not end" : "a control character in a string");
  if (!ascii && !is_utf8(start, stop)) return fail("a string is not UTF-8");
  out = {{start, static_cast<size_t>(stop - start)}, true};
  ++at_;
  return true;
}

// at_ is at the first backslash of the string that started at `start`.
bool JsonReader::unescape(const char* start, JsonString& out) {
  const auto most = static_cast<size_t>(end_ - start);
  char* const begin = scratch(most);
  const auto plain = static_cast<size_t>(at_ - start);
  std::memcpy(begin, start, plain);
  char* put = begin + plain;
  const Unescaped rest = processors::unescape(at_, put);
  at_ = rest.stop;
  if (rest.error != nullptr) {
    if (const char* const digits = rest.backslash + 2; at_ >= digits) at_ = at_ < digits + 4 ? digits : digits + 4;
    return fail(rest.error);
  }
  if (*at_ != '"') return fail(at_ >= end_ ? "a string does not end" : "a control character in a string");
  // Checks the original text: escapes cannot complete a broken sequence.
  if (!is_utf8(start, at_)) return fail("a string is not UTF-8");
  ++at_;
  used_ -= most - static_cast<size_t>(put - begin);
  out = {{begin, static_cast<size_t>(put - begin)}, false};
  return true;
}

bool JsonReader::read_number(JsonNumber& out) {
  skip_space();
  const char* error = nullptr;
  at_ = parse_number(at_, out, error);
  return error == nullptr || fail(error);
}

bool JsonReader::read_f64(double& out) {
  skip_space();
  const char* error = nullptr;
  at_ = parse_f64(at_, out, error);
  return error == nullptr || fail(error);
}

bool JsonReader::read_f64_to_truncate(double& out) {
  skip_space();
  const char* error = nullptr;
  at_ = parse_number_to_truncate(at_, out, error);
  return error == nullptr || fail(error);
}

bool JsonReader::read_other_u64(uint64_t& out) {
  JsonNumber number;
  if (!read_number(number)) return false;
  if (number.kind != JsonNumber::Kind::Unsigned) return fail("expected an unsigned integer");
  out = number.unsigned_value;
  return true;
}

bool JsonReader::read_other_i64(int64_t& out) {
  JsonNumber number;
  if (!read_number(number)) return false;
  if (number.kind == JsonNumber::Kind::Negative) {
    out = number.negative_value;
    return true;
  }
  if (number.kind != JsonNumber::Kind::Unsigned || number.unsigned_value > INT64_MAX) {
    return fail("expected an integer of 64 bits");
  }
  out = static_cast<int64_t>(number.unsigned_value);
  return true;
}

// --- skipping -------------------------------------------------------------------------------------------------------

bool JsonReader::skip(std::string_view& raw) {
  skip_space();
  const char* const from = at_;
  if (!skip()) return false;
  raw = {from, static_cast<size_t>(at_ - from)};
  return true;
}

bool JsonReader::check(std::string_view& raw) {
  skip_space();
  const char* const from = at_;
  if (!check()) return false;
  raw = {from, static_cast<size_t>(at_ - from)};
  return true;
}

}  // namespace freshet::processors
