// Writes rows in the format JSONEachRow. Columns are constants; values are appended without an allocation per field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "processors/formats/column.h"
#include "processors/formats/row_values.h"
#include "processors/json/json_number.h"
#include "processors/json/json_reader.h"
#include "processors/values/ip_address.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

// How a DateTime64 is written. ClickHouse versions differ in how they read bare numbers (docs/snuba-data-sets.md, 8).
// SecondsAndFraction writes text of ten digits, a point and the fraction, which all versions read alike with either
// date_time_input_format. Times that ten digits cannot express (before 1970, after 2286) are written as calendar text,
// which is correct if the server's time zone is UTC.
enum class TickForm : uint8_t { SecondsAndFraction, Ticks };

// Call begin_row(), then put() (or key() and values) for each column, then end_row(). For arrays and objects, call
// begin_array(), value() for each element, end_array(). Writes the commas itself. Threads: one.
class RowWriter {
 public:
  explicit RowWriter(TickForm ticks) : tick_form_(ticks) { grow(4096); }
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  void clear() {
    at_ = buffer_.data();
    comma_ = false;
  }
  // Forgets what was written after the first `size` bytes, which end with an opening bracket.
  void cut_to_begin(size_t size) {
    at_ = buffer_.data() + size;
    comma_ = false;
  }
  std::string_view text() const { return {buffer_.data(), size()}; }
  // Appends the text to `rows` and clears the writer. If `rows` is empty, a large text is moved instead of copied.
  void move_to(std::string& rows);

  // Whole rows, each with its line feed.
  void add_rows(std::string_view lines);
  void begin_row() { open('{'); }
  void end_row() {
    close('}');
    *at_++ = '\n';
    comma_ = false;
  }

  template <typename T>
  void put(const Column& column, const T& v) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      char* const out = begin_column(column, kNumberRoom);
      end_column(integer(v, out));
    } else {
      key(column);
      value(v);
    }
  }
  void put(const Column& column, const JsonString& v) {
    if (!v.plain) {
      key(column);
      return escaped_value(v.view);
    }
    char* const out = begin_column(column, v.view.size() + 2);
    end_column(quoted(v.view, out));
  }
  void put(const Column& column, const Seconds& v) { put(column, v.value); }
  void put(const Column& column, const Uuid& v) {
    char* const out = begin_column(column, Uuid::kTextSize + 2);
    *out = '"';
    v.write(out + 1);
    out[Uuid::kTextSize + 1] = '"';
    end_column(out + Uuid::kTextSize + 2);
  }
  template <int kDigits, typename Int>
  void put(const Column& column, const Ticks<kDigits, Int>& v) {
    constexpr uint64_t kScale = kPowersOfTen[kDigits];
    const auto ticks = static_cast<uint64_t>(v.value);
    if (tick_form_ == TickForm::Ticks || std::cmp_less(v.value, 0) || ticks / kScale > kTenDigits) {
      key(column);
      return value(v);
    }
    char* const out = begin_column(column, kNumberRoom);
    end_column(seconds_and_fraction(ticks / kScale, ticks % kScale, kDigits, out));
  }
  void put(const Column& column, double v) {
    char* const out = begin_column(column, kNumberRoom);
    end_column(write_f64(v, out));
  }
  void put(const Column& column, std::nullptr_t) {
    char* const out = begin_column(column, 4);
    std::memcpy(out, "null", 4);
    end_column(out + 4);
  }
  template <typename T>
  void put(const Column& column, const std::optional<T>& v) {
    if (v) {
      put(column, *v);
    } else {
      put(column, nullptr);
    }
  }
  template <typename T>
  void put(const Column& column, const WhenThere<T>& v) {
    if (v.value) put(column, *v.value);
  }
  template <typename T>
  void put(const Column& column, const UnlessEmpty<T>& v) {
    if (!v.value.empty()) put_out_of_line(column, v.value);
  }

  [[gnu::always_inline]] void key(const Column& column) {
    ensure(Column::kRoom + 1);
    separate();
    std::memcpy(at_, column.text(), Column::kRoom);
    at_ += column.size();
    comma_ = false;
  }
  // A key from the message.
  void key(const JsonString& name) {
    value(name);  // with room for the colon
    *at_++ = ':';
    comma_ = false;
  }

  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void begin_object() { open('{'); }
  void end_object() { close('}'); }

  void value(std::nullptr_t) { raw("null"); }
  void value(bool v) { raw(v ? std::string_view("true") : std::string_view("false")); }
  template <typename Int>
  requires std::is_integral_v<Int>
  void value(Int v) {
    number([v](char* out) { return integer(v, out); });
  }
  void value(double v) {
    number([v](char* out) { return write_f64(v, out); });
  }
  void value(float v) {
    number([v](char* out) { return write_f32(v, out); });
  }
  void value(const JsonNumber& v);
  void value(const JsonString& v) {
    if (!v.plain) return escaped_value(v.view);
    ensure(v.view.size() + 4);  // a comma, two quotes, and the colon after a key
    separate();
    at_ = quoted(v.view, at_);
  }
  void value(std::string_view v) { value(v.empty() ? JsonString{"", true} : JsonString{v, false}); }
  void value(const char* v) { value(std::string_view(v)); }
  void value(const Uuid& v);
  void value(const IpAddress& v);
  template <typename T>
  void value(const std::optional<T>& v) {
    if (v) {
      value(*v);
    } else {
      value(nullptr);
    }
  }
  void value(const Seconds& v) { value(v.value); }
  template <int kDigits, typename Int>
  void value(const Ticks<kDigits, Int>& v) {
    ticks_value(v.value, kDigits);
  }
  template <int kDigits>
  void value(const WrappedTicks<kDigits>& v) {
    if (tick_form_ == TickForm::Ticks) return value(v.value);
    ticks_value(static_cast<int64_t>(v.value), kDigits);
  }
  void value(const DottedText& v);
  void value(const UInt128& v) {
    ensure(kUInt128Room + 1);
    separate();
    at_ = write_u128(v.high, v.low, at_);
  }
  template <typename Range, typename Key, typename Value>
  void value(const Pairs<Range, Key, Value>& v) {
    begin_object();
    for (const auto& one : v.range) {
      key(v.key(one));
      value(v.value(one));
    }
    end_object();
  }
  template <typename T>
  void value(const AsJson<T>& v) {
    value(v.value);
  }
  template <typename Range, typename Get>
  void value(const Elements<Range, Get>& v) {
    begin_array();
    for (const auto& element : v.range) value(v.get(element));
    end_array();
  }
  // Types of a data set's own, for which it has write_value(RowWriter&, v).
  template <typename T>
  requires requires(RowWriter& out, const T& v) { write_value(out, v); }
  void value(const T& v) { write_value(*this, v); }
  // DateTime64(digits): ticks since 1970.
  void ticks_value(int64_t ticks, int digits);
  void ticks_value(uint64_t ticks, int digits);
  // Valid JSON, written unchanged.
  void raw(std::string_view json);
  // A string in several parts: begin_string, part..., end_string.
  void begin_string();
  void string_part(std::string_view text);
  void string_part(const JsonString& text);
  void end_string();

 private:
  static constexpr uint64_t kTenDigits = 9'999'999'999;

  // Loops over columns that are mostly empty stay short.
  template <typename T>
  [[gnu::noinline]] void put_out_of_line(const Column& column, const T& v) {
    put(column, v);
  }
  size_t size() const { return static_cast<size_t>(at_ - buffer_.data()); }
  void ensure(size_t more) {
    // Signed: after a write without room the difference is negative, and grow() finds it.
    if (end_ - at_ < static_cast<std::ptrdiff_t>(more)) grow(more);
  }
  void grow(size_t more);
  // Goes on with another buffer, whose first `used` bytes are the text.
  void take(std::string&& buffer, size_t used);
  void separate() {
    *at_ = ',';
    at_ += comma_ ? 1 : 0;
    comma_ = true;
  }
  // Writes the name, and returns where the value begins, with `room` bytes and one for a comma after it.
  char* begin_column(const Column& column, size_t room) {
    ensure(Column::kRoom + 1 + room + 1);
    char* out = at_;
    *out = ',';
    out += comma_ ? 1 : 0;
    std::memcpy(out, column.text(), Column::kRoom);
    return out + column.size();
  }
  void end_column(char* end) {
    at_ = end;
    comma_ = true;
  }
  void append(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  static char* quoted(std::string_view text, char* out) {
    *out++ = '"';
    std::memcpy(out, text.data(), text.size());
    out[text.size()] = '"';
    return out + text.size() + 1;
  }
  void open(char bracket) {
    ensure(2);
    separate();
    *at_++ = bracket;
    comma_ = false;
  }
  void close(char bracket) {
    ensure(2);
    *at_++ = bracket;
    comma_ = true;
  }
  // Most integers of most rows have one digit.
  template <typename Int>
  static char* integer(Int v, char* out) {
    if (static_cast<uint64_t>(v) < 10) {
      *out = static_cast<char>('0' + v);
      return out + 1;
    }
    if constexpr (std::is_signed_v<Int>) {
      return write_i64(v, out);
    } else {
      return write_u64(v, out);
    }
  }
  // Always ten digits, because servers interpret shorter numbers as a date.
  static char* seconds_and_fraction(uint64_t seconds, uint64_t fraction, int digits, char* out) {
    *out = '"';
    out = write_digits(seconds, 10, out + 1);
    *out = '.';
    out = write_digits(fraction, digits, out + 1);
    *out = '"';
    return out + 1;
  }
  void escaped_value(std::string_view text);
  void instant(uint64_t ticks, int digits);
  void calendar_text(int64_t seconds, uint64_t fraction, int digits);
  template <typename Write>
  void number(Write write) {
    ensure(kNumberRoom + 1);
    separate();
    at_ = write(at_);
  }

  const TickForm tick_form_;
  std::string buffer_;  // its size is the capacity
  char* at_ = buffer_.data();
  char* end_ = at_;     // of buffer_
  bool comma_ = false;  // the next value in the innermost container needs a comma before it
};

}  // namespace freshet::processors
