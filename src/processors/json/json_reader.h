// A forward reader of one JSON text, field by field (docs/snuba-data-sets.md, 2). Parsed values are checked completely;
// of skipped values, only the syntax is checked. Builds no tree and allocates nothing per value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/message.h"
#include "processors/json/json_digits.h"
#include "processors/json/json_scan.h"
#include "processors/json/padded_text.h"

namespace freshet::processors {

// The characters of a string, unescaped. `plain`: they contain nothing that needs escaping in a JSON string.
struct JsonString {
  std::string_view view = "";  // data() is never null, because it is passed to memcpy()
  bool plain = false;
};

// A number. Integers that fit stay integers; everything else is a correctly rounded double.
struct JsonNumber {
  enum class Kind : uint8_t { Unsigned, Negative, Float };
  Kind kind = Kind::Unsigned;
  union {
    uint64_t unsigned_value = 0;
    int64_t negative_value;
    double float_value;
  };
  double as_double() const;
};

enum class JsonKind : uint8_t { Null, Bool, Number, String, Array, Object, Nothing };

// The kind of value that starts with each byte.
constexpr std::array<JsonKind, 256> make_json_kinds() {
  std::array<JsonKind, 256> kinds{};
  kinds.fill(JsonKind::Nothing);
  kinds['"'] = JsonKind::String;
  kinds['{'] = JsonKind::Object;
  kinds['['] = JsonKind::Array;
  kinds['n'] = JsonKind::Null;
  kinds['t'] = kinds['f'] = JsonKind::Bool;
  kinds['-'] = JsonKind::Number;
  for (unsigned char digit = '0'; digit <= '9'; ++digit) kinds[digit] = JsonKind::Number;
  return kinds;
}

// What stands between two values of an object: a comma, a name, a colon and white space. Producers repeat it in each
// message, so that one comparison with what was there before replaces reading it.
struct JsonGap {
  std::array<char, 48> text{};
  uint8_t size = 0;  // 0: nothing is known
  uint8_t name_at = 0;
  uint8_t name_size = 0;
  int8_t field = -1;  // the caller's number of the field
};
// The last two that were at one place: the messages of a topic come from more than one producer.
struct JsonGaps {
  JsonGap last;
  JsonGap before;
};

// After the first error, every call returns false and does not advance: the reader is then at the NUL after its text,
// where nothing begins. Views are valid until the next open(). Never reads past its input: a text without padding is
// first copied to padded memory. Threads: one.
class JsonReader {
 public:
  // Parsing arrays and objects that are nested deeper is an error.
  static constexpr uint32_t kMaxDepth = 127;

  void open(std::string_view text);
  // Reads the text in place. Message::kPadding zero bytes must follow it; views are also limited to its life.
  void open_padded(std::string_view text);
  // The payload must not be null. A padded payload is read in place, so views are also limited to the life of the
  // message.
  void open(const Message& message);

  bool failed() const { return what_ != nullptr; }
  const char* what() const { return what_ == nullptr ? "" : what_; }
  // Where the first error is, or the next byte.
  size_t position() const { return static_cast<size_t>((failed() ? failed_at_ : at_) - begin_); }
  // "invalid JSON at byte 12: expected a string", with the text passed to fail().
  std::string error_text() const;
  // Records an error. Always returns false. `what` must be a static string.
  [[gnu::cold]] bool fail(const char* what);

  // A place in the text.
  struct Mark {
    const char* at;
    uint32_t depth;
    bool first;
  };

  // The kind of the next value, without reading it. JsonKind::Nothing: no value starts here.
  JsonKind peek() {
    skip_space();
    return kKinds[static_cast<unsigned char>(*at_)];
  }

  // Call enter_*(), then next_*() until it returns false, at the end or after an error.
  bool enter_object();
  bool next_key(JsonString& key) {
    skip_space();
    if (*at_ == '}') return close_level();
    if (!first_) {
      if (*at_ != ',') return fail("expected ',' or '}'");
      ++at_;
    }
    first_ = false;
    skip_space();
    if (*at_ != '"') return fail("expected a field's name");
    if (!read_quoted(key)) return false;
    skip_space();
    if (*at_ != ':') return fail("expected ':' after a field's name");
    ++at_;
    return true;
  }
  // As next_key() if `gap` is next, which keep_gap() has made at the same place: at the first field of an object, or
  // after a value in one. Otherwise, and after an error, reads nothing and returns false.
  [[gnu::always_inline]] bool take_gap(const JsonGap& gap, JsonString& key) {
    if (gap.size == 0 || !same_text(at_, gap.text.data(), gap.size)) return false;
    key = {{at_ + gap.name_at, gap.name_size}, true};
    at_ += gap.size;
    first_ = false;
    return true;
  }
  // `from`: where next_key() has read `key` from. Keeps nothing that is too long.
  void keep_gap(const Mark& from, const JsonString& key, int field, JsonGaps& gaps);
  // For keep_gap(): `count` places in objects with the fields `of`, as they were left. Valid as long as the reader.
  JsonGaps* gaps(const void* of, size_t count) {
    if (next_known_ < known_.size() && known_[next_known_].of == of) return known_[next_known_++].gaps.get();
    return other_gaps(of, count);
  }
  bool enter_array();
  bool next_element() {
    skip_space();
    if (*at_ == ']') return close_level();
    if (!first_) {
      if (*at_ != ',') return fail("expected ',' or ']'");
      ++at_;
      skip_space();
      if (*at_ == ']') return fail("expected a value");
    }
    first_ = false;
    return true;
  }

  bool read_null();  // anything but null is an error
  bool read_bool(bool& out);
  bool read_string(JsonString& out) {
    skip_space();
    if (*at_ != '"') return fail("expected a string");
    return read_quoted(out);
  }
  // An array of strings. `add()` returns a reference to where the next one goes. Producers put the same text between
  // each two, so that one comparison with it replaces reading it.
  template <typename Add>
  bool read_strings(const Add& add) {
    constexpr size_t kLongestGap = 32;
    if (!enter_array() || !next_element()) return !failed();
    if (!read_string(add())) return false;
    while (true) {
      const char* const gap = at_;
      if (!next_element()) return !failed();
      const auto size = static_cast<size_t>(at_ - gap);
      if (!read_string(add())) return false;
      while (size <= kLongestGap && same_text(at_, gap, size) && at_[size] == '"') {
        at_ += size;
        if (!read_quoted(add())) return false;
      }
    }
  }
  // For texts of a fixed size that have no quote in them: the characters of the next value, if it is a string with its
  // closing quote after `size` characters, at most 60. Reads nothing. What is between the quotes may be anything.
  const char* peek_text(size_t size) {
    skip_space();
    return *at_ == '"' && at_[size + 1] == '"' ? at_ + 1 : nullptr;
  }
  // Reads what peek_text() returned. The caller has checked its characters.
  void take_text(size_t size) { at_ += size + 2; }
  bool read_number(JsonNumber& out);
  bool read_f64(double& out);
  // For values that are truncated to an integer afterwards; see reference_double().
  bool read_f64_to_truncate(double& out);
  bool read_u64(uint64_t& out) {
    skip_space();
    if (read_one_digit(out)) return true;
    uint64_t value = 0;
    const char* const at = read_digits(at_, value);
    const auto digits = at - at_;
    // A number of twenty digits fits only if it starts with 1 and is at least 10^19. Hashes are often this long.
    const bool fits = digits < 20 || (digits == 20 && *at_ == '1' && value >= kPowersOfTen[19]);
    if (digits == 0 || !fits || (*at_ == '0' && digits > 1) || *at == '.' || (*at | 0x20) == 'e') {
      return read_other_u64(out);
    }
    out = value;
    at_ = at;
    return true;
  }
  bool read_i64(int64_t& out) {
    skip_space();
    if (read_one_digit(out)) return true;
    uint64_t value = 0;
    const char* const at = read_digits(at_, value);
    const auto digits = at - at_;
    if (digits == 0 || digits > 18 || (*at_ == '0' && digits > 1) || *at == '.' || (*at | 0x20) == 'e') {
      return read_other_i64(out);
    }
    out = static_cast<int64_t>(value);
    at_ = at;
    return true;
  }
  // For uint8_t, uint16_t and uint32_t. A fraction, an exponent or a sign is an error.
  template <typename T>
  bool read_unsigned(T& out) {
    uint64_t value = 0;
    if (!read_u64(value)) return false;
    if (value > static_cast<T>(-1)) return fail("an integer is out of range");
    out = static_cast<T>(value);
    return true;
  }
  // An array of integers from 0 to 255, as bytes. Message::kPadding zero bytes follow them, as open_padded() needs.
  bool read_bytes(std::string_view& out);
  // If the next value is null, consumes it and returns true.
  bool consume_null() {
    skip_space();
    return *at_ == 'n' && read_null();
  }

  // Both skip a value. skip() checks only its syntax; check() validates it like a parsed value.
  bool skip();
  bool check();
  // These also return the value's text.
  bool skip(std::string_view& raw);
  bool check(std::string_view& raw);
  // True if only white space follows.
  bool finish() {
    skip_space();
    return !failed() && (at_ == end_ || fail("unexpected data after the value"));
  }

  // For returning to a place, in order to read a part again.
  Mark mark() const { return {at_, depth_, first_}; }
  void rewind(const Mark& mark) {
    if (failed()) return;
    at_ = mark.at;
    depth_ = mark.depth;
    first_ = mark.first;
  }
  // Returns memory for `size` characters, valid as long as views are.
  char* scratch(size_t size);

 private:
  static constexpr std::array<JsonKind, 256> kKinds = make_json_kinds();

  void begin(const char* padded, size_t size);
  [[gnu::always_inline]] void skip_space() { at_ = after_space(at_); }
  // at_ is at the opening quote.
  [[gnu::always_inline]] bool read_quoted(JsonString& out) {
    bool ascii = true;
    const char* const stop = scan_string(at_ + 1, ascii);
    if (*stop != '"' || !ascii) return read_other_string(stop, ascii, out);
    out = {{at_ + 1, static_cast<size_t>(stop - at_ - 1)}, true};
    at_ = stop + 1;
    return true;
  }
  // Most integers of most messages have one digit.
  template <typename Int>
  [[gnu::always_inline]] bool read_one_digit(Int& out) {
    const char next = at_[1];
    if (is_digit(next) || !is_digit(*at_) || next == '.' || (next | 0x20) == 'e') return false;
    out = static_cast<Int>(*at_++ - '0');
    return true;
  }
  // Slow paths of the functions above.
  bool read_other_string(const char* stop, bool ascii, JsonString& out);
  bool read_other_u64(uint64_t& out);
  bool read_other_i64(int64_t& out);
  JsonGaps* other_gaps(const void* of, size_t count);
  bool literal(const char* word, size_t size);
  bool open_level();
  bool close_level() {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  // In json_pass.cc. They return the end of the value, or null after an error.
  template <bool Strict>
  class Pass;
  template <bool Strict>
  const char* pass_string(const char* at);
  template <bool Strict>
  const char* pass_odd_string(const char* start, const char* at, bool ascii);
  template <bool Strict>
  const char* pass_scalar(const char* at);
  template <bool Strict>
  const char* pass_container(const char* at);
  template <bool Strict>
  bool pass_value();
  const char* fail_at(const char* at, const char* what) {
    at_ = at;
    fail(what);
    return nullptr;
  }
  bool unescape(const char* start, JsonString& out);
  static bool is_utf8(const char* begin, const char* end);

  const char* at_ = "";
  const char* begin_ = at_;
  const char* end_ = at_;
  const char* what_ = nullptr;
  const char* failed_at_ = at_;
  uint32_t depth_ = 0;
  bool first_ = false;  // no element of the innermost container was read yet
  PaddedText text_;

  struct Block {
    std::unique_ptr<char[]> memory;
    size_t size = 0;
  };
  std::vector<Block> blocks_;

  struct KnownGaps {
    const void* of = nullptr;
    std::unique_ptr<JsonGaps[]> gaps;
  };
  std::vector<KnownGaps> known_;
  size_t next_known_ = 0;  // the objects of a message come in the order of those before it
  size_t used_ = 0;        // bytes used of the last block
};

}  // namespace freshet::processors
