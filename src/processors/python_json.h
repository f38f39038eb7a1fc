// A JSON text read as a whole, by the rules of the data sets that the reference has in Python (python_common 2 and 3):
// everything is parsed, integers have any size, NaN and infinities are numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json_reader.h"
#include "processors/json_scan.h"

namespace freshet::processors {

// A value of the text. Values lie in one run of memory in the order of the text: a container stands before what it
// holds, a member's name before its value.
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
  // Integers, floats and booleans: what the reference takes wherever it asks for a number.
  bool is_number() const { return kind_ >= Kind::False && kind_ <= Kind::Float; }

  // A string's characters; a number's literal.
  std::string_view view() const { return {text_, size_}; }
  JsonString string() const { return {{text_, size_}, plain_}; }
  bool is_string(std::string_view text) const { return is_string() && view() == text; }

  // Elements of an array; members of an object as they stand in the text, twice named ones twice.
  uint32_t count() const { return size_; }
  // In arrays: for (const PythonValue* one = array.begin(); one != array.end(); one = one->after()). In objects `one`
  // is a name, one + 1 its value, and (one + 1)->after() the next name.
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
    PythonValue* past_;  // while a container is being read: the one around it
  };
};

// A string that does not stand in the text as a value of its own.
class PythonString final : public PythonValue {
 public:
  explicit PythonString(const JsonString& text) {
    kind_ = Kind::String;
    plain_ = text.plain;
    size_ = static_cast<uint32_t>(text.view.size());
    text_ = text.view.data();
  }
};

// One member of an object.
struct PythonMember {
  const PythonValue* key;
  const PythonValue* value;
};

// Keeps its memory from text to text. Values live until the next read(). Threads: one.
class PythonJson {
 public:
  // Containers within containers; deeper texts are refused, so that values can be walked by recursion.
  static constexpr uint32_t kMaxDepth = 2000;

  // Null when the text is none; what() and position() tell why and where. The text needs no padding.
  const PythonValue* read(std::string_view text);

  const char* what() const { return what_; }
  size_t position() const { return static_cast<size_t>(at_ - text_.data()); }
  // How deep the containers of the text that was read last are nested.
  uint32_t depth() const { return deepest_; }

 private:
  bool fail(const char* what) {
    what_ = what;
    return false;
  }
  void skip_space() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r') ++at_;
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
  bool read_all();
  bool read_value();
  bool after_value();
  bool read_name();
  bool open(PythonValue::Kind kind);
  void close() {
    PythonValue* const around = open_->past_;
    open_->past_ = next_;
    open_ = around;
    --depth_;
    ++at_;
  }
  bool read_scalar();
  bool read_string() {
    const char* const start = ++at_;
    bool ascii = true;
    at_ = scan_string(start, ascii);
    if (*at_ != '"') return read_other_string(start);
    add(PythonValue::Kind::String, start, static_cast<size_t>(at_ - start), true);
    ++at_;
    return true;
  }
  bool read_other_string(const char* start);
  bool read_escaped(const char* start);
  bool read_code_point(char*& out);
  bool read_hex(uint32_t& out);
  bool read_number();
  bool read_fraction_and_exponent(const char* digits, size_t integer_digits);

  std::vector<char> text_;       // the text, padded
  std::vector<char> unescaped_;  // characters of strings with escapes; never more than the text
  char* free_ = nullptr;         // in unescaped_
  std::unique_ptr<PythonValue[]> values_;
  size_t room_ = 0;
  PythonValue* next_ = nullptr;
  PythonValue* open_ = nullptr;  // the innermost container
  uint32_t depth_ = 0;
  uint32_t deepest_ = 0;
  const char* at_ = nullptr;
  const char* what_ = "";
};

}  // namespace freshet::processors
