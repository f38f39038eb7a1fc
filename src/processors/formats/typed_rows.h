// Writes rows in the types of a table's columns: RowBinary, which the insert turns into a Native block.
// https://clickhouse.com/docs/interfaces/formats/RowBinary
//
// The stored values are those of the same row as JSONEachRow. A value for which this is not certain has no exact form:
// out of the range of its column's type, an unknown element of an Enum, a text for a number. Its row is then written as
// JSONEachRow, so that the server decides as it always did (docs/insert-formats.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "columns/data_type.h"
#include "columns/row_binary_writer.h"
#include "processors/formats/column.h"
#include "processors/formats/row_values.h"
#include "processors/json/json_reader.h"
#include "processors/values/ip_address.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

// What a column of a data set becomes in the table.
struct ColumnTarget {
  // These are first, next to the kind of the type: every value of a row needs them.
  bool there = false;            // false: the table has no such column, and the value is not written
  bool null_as_default = false;  // the table stores the default also for null, if the type is not Nullable
  columns::DataType type{};
  // What the table stores if the row leaves the column out: the bytes in `type`. nullopt: that is not known, and such a
  // row has no exact form.
  std::optional<std::string> default_value{};
};

// The default of a type without a DEFAULT expression: 0, "", an empty array, NULL; the first element of an Enum.
std::string default_bytes(const columns::DataType& type);
// Of a type with the DEFAULT `expression`, as the server writes it. nullopt: it is not a constant of a simple form, or
// one that the server converts to the type.
std::optional<std::string> default_bytes(const columns::DataType& type, std::string_view expression);

// The place of one value of a row.
class TypedCell;
// A data set's own types have write_value(TypedCell&, v), which calls value() or inexact().
template <typename T>
concept WritesCell = requires(TypedCell& out, const T& v) {
  write_value(out, v);
};

// Has the same functions as RowWriter for what a description writes. Threads: one.
class TypedRowWriter {
 public:
  // The rows of a larger message are JSONEachRow: RowWriter makes no copy of its buffer.
  static constexpr size_t kMostBytes = 4 << 20;

  // One target for each column of the data set, in its order.
  explicit TypedRowWriter(std::vector<ColumnTarget> targets) : targets_(std::move(targets)) {}

  void clear() {
    bytes_.clear();
    exact_ = true;
  }
  void begin_row() { next_ = targets_.data(); }
  void end_row() {
    if (!has_room(0)) inexact();
  }
  // False: a value since clear() had no exact form, and the bytes are worthless.
  bool exact() const { return exact_; }
  std::string_view bytes() const { return bytes_.bytes(); }

  template <typename T>
  void put(const Column&, const T& value) {
    const ColumnTarget& target = *next_++;
    if (target.there) put_value(target, value);
  }
  template <typename T>
  void put(const Column& column, const WhenThere<T>& value) {
    if (value.value) return put(column, *value.value);
    const ColumnTarget& target = *next_++;
    if (target.there) put_default(target);
  }
  template <typename T>
  void put(const Column& column, const UnlessEmpty<T>& value) {
    if (!value.value.empty()) return put(column, value.value);
    const ColumnTarget& target = *next_++;
    if (target.there) put_default(target);
  }

 private:
  friend TypedCell;
  using Type = columns::DataType;
  using Kind = columns::TypeKind;

  template <typename T>
  void put_value(const ColumnTarget& target, const T& value) {
    if (target.type.nullable) bytes_.fixed(uint8_t{0});
    write(target.type, value);
  }
  template <typename T>
  void put_value(const ColumnTarget& target, const std::optional<T>& value) {
    if (value) return put_value(target, *value);
    put_value(target, nullptr);
  }
  template <WritesCell T>
  void put_value(const ColumnTarget& target, const T& value);
  void put_value(const ColumnTarget& target, std::nullptr_t) {
    if (target.type.nullable) return bytes_.fixed(uint8_t{1});
    if (!target.null_as_default) return inexact();
    put_default(target);
  }
  void put_default(const ColumnTarget& target) {
    if (!target.default_value) return inexact();
    const std::string& bytes = *target.default_value;
    bytes.size() == 1 ? bytes_.fixed(bytes[0]) : bytes_.raw(bytes);
  }

  // An element of an array: as a column, but null has no default.
  template <typename T>
  void element(const Type& type, const T& value) {
    if (type.nullable) bytes_.fixed(uint8_t{0});
    write(type, value);
  }
  template <typename T>
  void element(const Type& type, const std::optional<T>& value) {
    if (value) return element(type, *value);
    element(type, nullptr);
  }
  template <WritesCell T>
  void element(const Type& type, const T& value);
  void element(const Type& type, std::nullptr_t) { type.nullable ? bytes_.fixed(uint8_t{1}) : inexact(); }

  // The value in the type, without the byte for NULL.
  void write(const Type& type, uint64_t value) { write_unsigned(type, Kind::UInt64, value); }
  void write(const Type& type, int64_t value) {
    if (value >= 0) return write(type, static_cast<uint64_t>(value));
    write_negative(type, value);
  }
  void write(const Type& type, uint32_t value) { write_unsigned(type, Kind::UInt32, value); }
  void write(const Type& type, uint16_t value) { write_unsigned(type, Kind::UInt16, value); }
  void write(const Type& type, uint8_t value) { write_unsigned(type, Kind::UInt8, value); }
  void write(const Type& type, int32_t value) { write(type, int64_t{value}); }
  void write(const Type& type, bool value);
  void write(const Type& type, float value);
  void write(const Type& type, double value);
  void write(const Type& type, const JsonNumber& value);
  void write(const Type& type, std::string_view value) {
    if (type.kind != Kind::String || !has_room(value.size())) return write_other_text(type, value);
    bytes_.string(value);
  }
  void write(const Type& type, const JsonString& value) { write(type, value.view); }
  void write(const Type& type, const char* value) { write(type, std::string_view(value)); }
  void write(const Type& type, const Uuid& value) {
    type.kind == Kind::Uuid ? bytes_.uuid(value.bytes) : write_as_text(type, value);
  }
  void write(const Type& type, const IpAddress& value);
  void write(const Type& type, const Seconds& value) { write_unsigned(type, Kind::DateTime, value.value); }
  template <int kDigits, typename Int>
  void write(const Type& type, const Ticks<kDigits, Int>& value) {
    if (value.value < 0 || static_cast<uint64_t>(value.value) > uint64_t{INT64_MAX}) return inexact();
    write_ticks(type, static_cast<int64_t>(value.value), kDigits);
  }
  template <int kDigits>
  void write(const Type& type, const WrappedTicks<kDigits>& value) {
    write(type, Ticks<kDigits>{static_cast<int64_t>(value.value)});
  }
  void write(const Type& type, const DottedText& value);
  void write(const Type& type, const UInt128& value);
  template <typename Range, typename Key, typename Value>
  void write(const Type& type, const Pairs<Range, Key, Value>& value) {
    if (type.kind != Kind::Map) return inexact();
    bytes_.count(static_cast<uint64_t>(value.range.size()));
    for (const auto& one : value.range) {
      element(type.children[0], value.key(one));
      element(type.children[1], value.value(one));
      if (!exact_ || !has_room(0)) return inexact();
    }
  }
  // Types that only JSON has.
  template <typename T>
  void write(const Type&, const T&) {
    inexact();
  }
  template <typename Range, typename Get>
  void write(const Type& type, const Elements<Range, Get>& value) {
    if (type.kind != Kind::Array) return inexact();
    bytes_.count(static_cast<uint64_t>(value.range.size()));
    for (const auto& one : value.range) {
      element(type.children[0], value.get(one));
      if (!exact_ || !has_room(0)) return inexact();
    }
  }

  // `usual`: the type that most tables have for the value; it is written without a call.
  template <typename T>
  void write_unsigned(const Type& type, Kind usual, T value) {
    type.kind == usual ? bytes_.fixed(value) : write_other_unsigned(type, value);
  }
  void write_other_unsigned(const Type& type, uint64_t value);
  void write_other_text(const Type& type, std::string_view value);
  void write_as_text(const Type& type, const Uuid& value);
  void write_negative(const Type& type, int64_t value);
  void write_ticks(const Type& type, int64_t ticks, int digits);
  template <typename Stored, typename Value>
  void in_range(Value value);
  void inexact() { exact_ = false; }
  bool has_room(size_t more) const { return bytes_.size() + more <= kMostBytes; }

  const std::vector<ColumnTarget> targets_;
  columns::RowBinaryWriter bytes_;
  const ColumnTarget* next_ = nullptr;  // of the next column
  bool exact_ = true;
};

class TypedCell {
 public:
  // `column`: null = an element of an array.
  TypedCell(TypedRowWriter& row, const columns::DataType& type, const ColumnTarget* column)
      : row_(row), type_(type), column_(column) {}

  const columns::DataType& type() const { return type_; }
  template <typename T>
  void value(const T& v) {
    column_ != nullptr ? row_.put_value(*column_, v) : row_.element(type_, v);
  }
  void inexact() { row_.inexact(); }

 private:
  TypedRowWriter& row_;
  const columns::DataType& type_;
  const ColumnTarget* const column_;
};

template <WritesCell T>
void TypedRowWriter::put_value(const ColumnTarget& target, const T& value) {
  TypedCell cell(*this, target.type, &target);
  write_value(cell, value);
}
template <WritesCell T>
void TypedRowWriter::element(const Type& type, const T& value) {
  TypedCell cell(*this, type, nullptr);
  write_value(cell, value);
}

}  // namespace freshet::processors
