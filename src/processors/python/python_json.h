// Parses a whole JSON text by the rules of the data sets that Snuba processes in Python (docs/snuba-data-sets.md, 10):
// integers of any size; NaN and infinities are numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json/json_reader.h"
#include "processors/json/json_walk.h"
#include "processors/json/padded_text.h"

namespace freshet::processors {

// A value of the text. All values are in one array in the order of the text: a container precedes its elements, and a
// member's name precedes its value.
class PythonValue {
 public:
  enum class Kind : uint8_t { Null, False, True, Integer, Float, String, Array, Object };

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::Null; }
  bool is_bool() const { return kind_ == Kind::False || kind_ == Kind::True; }
  bool is_string() const { return kind_ == Kind::String; }
  bool is_array() const { return kind_ == Kind::Array; }
  bool is_object() const { return kind_ == Kind::Object; }
  bool is_container() const { return kind_ >= Kind::Array; }
  // Integers, floats and booleans: Snuba's Python accepts all of them as numbers.
  bool is_number() const { return kind_ >= Kind::False && kind_ <= Kind::Float; }

  // A string's characters, or a number's literal.
  std::string_view view() const { return {text_, size_}; }
  JsonString string() const { return {{text_, size_}, plain_}; }
  bool is_string(std::string_view text) const { return is_string() && view() == text; }

  // Elements of an array, or members of an object, including duplicates.
  uint32_t count() const { return size_; }
  // Arrays: for (const PythonValue* one = array.begin(); one != array.end(); one = one->after()).
  // Objects: `one` is a name, one + 1 its value, and (one + 1)->after() the next name.
  const PythonValue* begin() const { return this + 1; }
  const PythonValue* end() const { return past_; }
  const PythonValue* after() const { return is_container() ? past_ : this + 1; }

 protected:
  friend class PythonJson;
  Kind kind_ = Kind::Null;
  bool plain_ = false;
  uint32_t size_ = 0;
  union {
    const char* text_ = nullptr;
    PythonValue* past_;  // while a container is being read: its parent
  };
};

// A string value that is not part of the text.
class PythonString final : public PythonValue {
 public:
  explicit PythonString(const JsonString& text) {
    kind_ = Kind::String;
    plain_ = text.plain;
    size_ = static_cast<uint32_t>(text.view.size());
    text_ = text.view.data();
  }
};

// A member of an object.
struct PythonMember {
  const PythonValue* key;
  const PythonValue* value;
};

// Reuses its memory. Values are valid until the next read(). Threads: one.
class PythonJson {
 public:
  // Deeper nesting is an error, so that recursive functions on values do not overflow the stack.
  static constexpr uint32_t kMaxDepth = 2000;

  // Parses the text, which needs no padding. Returns null if it is invalid; what() and position() then say why and
  // where.
  const PythonValue* read(std::string_view text);

  const char* what() const { return what_; }
  size_t position() const { return static_cast<size_t>(at_ - begin_); }
  // Nesting depth of the last text.
  uint32_t depth() const { return deepest_; }

 private:
  // As the visitor of the walk.
  friend class JsonWalk<PythonJson>;
  bool open(const char* at, bool object, size_t depth);
  void close(const char*, size_t) {
    PythonValue* const around = open_->past_;
    open_->past_ = next_;
    open_ = around;
  }
  void element() { ++open_->size_; }
  bool string(const char* start, const char* stop, JsonPlace place) {
    add(PythonValue::Kind::String, start, static_cast<size_t>(stop - start), true);
    if (place.name) ++open_->size_;
    return true;
  }
  const char* odd_string(const char* start, const char* at, JsonPlace place);
  const char* scalar(const char* at, size_t) {
    at_ = at;
    return read_scalar() ? at_ : nullptr;
  }
  const char* fail(const char* at, const char* what) {
    at_ = at;
    fail(what);
    return nullptr;
  }

  bool fail(const char* what) {
    what_ = what;
    return false;
  }
  bool literal(std::string_view word) {
    if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
  }
  PythonValue& add(PythonValue::Kind kind, const char* text, size_t size, bool plain = false) {
    PythonValue& value = *next_++;
    value.kind_ = kind;
    value.plain_ = plain;
    value.size_ = static_cast<uint32_t>(size);
    value.text_ = text;
    return value;
  }
  bool read_scalar();
  bool read_number();
  bool read_fraction_and_exponent(const char* digits, size_t integer_digits);

  PaddedText text_;
  std::vector<char> unescaped_;  // characters of strings with escapes; never more than the text
  char* free_ = nullptr;         // next free byte of unescaped_
  std::unique_ptr<PythonValue[]> values_;
  size_t room_ = 0;
  PythonValue* next_ = nullptr;
  PythonValue* open_ = nullptr;  // the innermost container
  uint32_t deepest_ = 0;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* what_ = "";
};

}  // namespace freshet::processors
