// The grammar of JSON, for all readers that pass a whole value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "processors/json/json_tokens.h"

namespace freshet::processors {

// The open brackets: one bit each, set for an object.
class OpenBrackets {
 public:
  explicit OpenBrackets(std::vector<uint64_t>& spilled) : spilled_(spilled) {}

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

// What may stand after a number or a literal.
constexpr std::array<bool, 256> make_ends_of_scalars() {
  std::array<bool, 256> ends{};
  for (const char c : {' ', '\t', '\n', '\r', ',', ']', '}'}) ends[static_cast<unsigned char>(c)] = true;
  return ends;
}
constexpr std::array<bool, 256> kEndsScalar = make_ends_of_scalars();

// The place of a string in a value.
struct JsonPlace {
  bool name;     // of a member; false: a value
  size_t depth;  // open brackets around it
  bool high;     // there may be bytes that are not ASCII
};

// Walks over one value and calls its visitor for each part, in the order of the text:
//   bool open(at, object, depth)         a bracket that opens inside of `depth` others
//   void close(at, depth)                the bracket that closes, and what is left around it
//   void element()                       before each element of an array
//   bool string(start, stop, place)      a name or a value without escapes, between its quotes
//   const char* odd_string(start, at, place)
//                                        one whose first escape or control character is at `at`; returns its closing
//                                        quote
//   const char* scalar(at, depth)        anything else; checks it and returns its end
//   const char* fail(at, what)           returns null
// False or null end the walk; the visitor has recorded why.
template <class Visitor>
class JsonWalk {
 public:
  // The position stays in registers, because only the other parameters have an address: a walk takes half the time.
  JsonWalk(const char* at, JsonTokens& tokens, std::vector<uint64_t>& spilled, Visitor& visitor)
      : source_(tokens), visitor_(visitor), open_(spilled), block_(at), tokens_(tokens.of(at)) {}

  // Returns the end of the value; null after an error.
  [[gnu::always_inline]] const char* walk() {
    at_ = next();
    while (true) {
      bool opened = false;
      const char* const end = read_value(opened);
      if (end == nullptr) return nullptr;
      if (opened) continue;
      if (open_.size() == 0) return end;
      if (!move_to_next(end)) return open_.size() == 0 ? at_ : nullptr;
    }
  }

 private:
  [[gnu::always_inline]] const char* next() {
    while (tokens_ == 0) tokens_ = source_.of(block_ += JsonTokens::kBlock);
    return take();
  }
  [[gnu::always_inline]] const char* next_in_string() {
    while (tokens_ == 0) {
      tokens_ = source_.of(block_ += JsonTokens::kBlock);
      if (tokens_ == 0) block_ = source_.pass_plain(block_);
    }
    return take();
  }
  [[gnu::always_inline]] const char* take() {
    const char* const token = block_ + __builtin_ctzll(tokens_);
    tokens_ &= tokens_ - 1;
    return token;
  }

  // At a value. Returns its end; `opened`: it is a container, and this is at its first value.
  [[gnu::always_inline]] const char* read_value(bool& opened) {
    if (*at_ == '"') return read_string(false) ? at_ + 1 : nullptr;
    if (*at_ != '{' && *at_ != '[') return visitor_.scalar(at_, open_.size());
    const bool object = *at_ == '{';
    if (!visitor_.open(at_, object, open_.size())) return nullptr;
    open_.push(object);
    at_ = next();
    if (*at_ == (object ? '}' : ']')) {
      close();
      return at_ + 1;
    }
    opened = true;
    return begin_element() ? at_ : nullptr;
  }

  // After a value that ended at `end`. False: an error, or the end of the outermost container.
  [[gnu::always_inline]] bool move_to_next(const char* end) {
    at_ = kEndsScalar[static_cast<unsigned char>(*end)] ? next() : end;
    while (*at_ != ',') {
      const bool object = open_.in_object();
      if (*at_ != (object ? '}' : ']')) return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
      close();
      if (open_.size() == 0) return ++at_, false;
      at_ = next();
    }
    at_ = next();
    return begin_element();
  }

  [[gnu::always_inline]] void close() {
    open_.pop();
    visitor_.close(at_, open_.size());
  }

  // Ends at the value.
  [[gnu::always_inline]] bool begin_element() {
    if (!open_.in_object()) {
      visitor_.element();
      return true;
    }
    if (*at_ != '"') return fail("expected a field's name");
    if (!read_string(true)) return false;
    at_ = next();
    if (*at_ != ':') return fail("expected ':' after a field's name");
    at_ = next();
    return true;
  }

  // Ends at the closing quote.
  [[gnu::always_inline]] bool read_string(bool name) {
    const char* const start = at_ + 1;
    source_.forget_high();
    at_ = next_in_string();
    const JsonPlace place{name, open_.size(), source_.high()};
    if (*at_ == '"') return visitor_.string(start, at_, place);
    const char* const stop = visitor_.odd_string(start, at_, place);
    if (stop == nullptr) return false;
    while (at_ < stop) at_ = next();
    return true;
  }

  bool fail(const char* what) { return visitor_.fail(at_, what) != nullptr; }

  JsonTokens& source_;
  Visitor& visitor_;
  OpenBrackets open_;
  const char* block_;
  uint64_t tokens_;  // of the block, those after at_
  const char* at_ = nullptr;
};

// Walks over the value at `at`, or after white space. Returns its end; null after an error.
template <class Visitor>
[[gnu::always_inline]] inline const char* walk_json(const char* at, Visitor& visitor) {
  JsonTokens tokens;
  std::vector<uint64_t> spilled;
  return JsonWalk<Visitor>(at, tokens, spilled, visitor).walk();
}

}  // namespace freshet::processors
