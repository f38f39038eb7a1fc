// Writes rows as RowBinary in the types that the values have by themselves: a uint16_t is a UInt16.
// https://clickhouse.com/docs/interfaces/formats/RowBinary
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "columns/row_binary_writer.h"
#include "processors/formats/column.h"
#include "processors/formats/row_values.h"
#include "processors/formats/row_writer.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

// Has the same functions as RowWriter for what a description writes. Every column has its value. Threads: one.
class BinaryRowWriter {
 public:
  void clear() { bytes_.clear(); }
  std::string_view bytes() const { return bytes_.bytes(); }

  template <typename T>
  void put(const Column&, const T& v) {
    value(v);
  }

  template <typename T>
  requires std::is_arithmetic_v<T>
  void value(T v) { bytes_.fixed(v); }
  void value(const JsonString& v) { bytes_.string(v.view); }
  void value(const Uuid& v) { bytes_.uuid(v.bytes); }
  void value(const Seconds& v) { bytes_.fixed(v.value); }
  void value(const UInt128& v) {
    bytes_.fixed(v.low);
    bytes_.fixed(v.high);
  }
  template <typename T>
  void value(const UnlessEmpty<T>& v) {
    value(v.value);
  }
  template <typename T>
  void value(const AsJson<T>& v) {
    json_.clear();
    json_.value(v.value);
    bytes_.string(json_.text());
  }
  template <typename Range, typename Get>
  void value(const Elements<Range, Get>& v) {
    bytes_.count(v.range.size());
    for (const auto& one : v.range) value(v.get(one));
  }
  template <typename Range, typename Key, typename Value>
  void value(const Pairs<Range, Key, Value>& v) {
    bytes_.count(v.range.size());
    for (const auto& one : v.range) {
      value(v.key(one));
      value(v.value(one));
    }
  }
  // Types of a data set's own, for which it has write_value(BinaryRowWriter&, v).
  template <typename T>
  requires requires(BinaryRowWriter& out, const T& v) { write_value(out, v); }
  void value(const T& v) { write_value(*this, v); }

 private:
  columns::RowBinaryWriter bytes_;
  RowWriter json_{TickForm::SecondsAndFraction};
};

}  // namespace freshet::processors
