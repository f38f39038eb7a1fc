// Writes rows with values of any type, as JSON or in the types of a table's columns.
#pragma once

#include <string_view>
#include <vector>

#include "processors/formats/row_writer.h"
#include "processors/formats/typed_rows.h"
#include "processors/python/python_ids.h"
#include "processors/python/python_json.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_pairs.h"
#include "processors/python/python_time.h"

namespace freshet::processors {

// Values of columns, for descriptions. A missing value is null unless stated otherwise.
struct AnyValue {
  const PythonValue* value;  // of any type, unchanged
};
struct AsText {
  const PythonValue* value;
};
struct TextOrEmpty {
  const PythonValue* value;  // as text; empty text if it is missing or falsy
};
struct FirstAsIs {
  const PythonValue* value;  // the first elements of an array, or the first code points of a string; missing: []
  uint32_t count;
};
struct PythonFloat {
  double value;
};
// `Out`: RowWriter or TypedCell. Text of times, which JSON rows have, is the time itself for a server in UTC only.
template <typename Out>
void write_value(Out& out, const AnyValue& v);
template <typename Out>
void write_value(Out& out, const AsText& v);
template <typename Out>
void write_value(Out& out, const TextOrEmpty& v);
template <typename Out>
void write_value(Out& out, const FirstAsIs& v);
template <typename Out>
void write_value(Out& out, const HexInteger& v);
template <typename Out>
void write_value(Out& out, const Retention& v);
template <typename Out>
void write_value(Out& out, const PythonIp& v);
void write_value(RowWriter& out, const PythonFloat& v);
void write_value(TypedCell& out, const PythonFloat& v);
void write_value(RowWriter& out, const Stamp& v);
void write_value(TypedCell& out, const Stamp& v);

// The last steps of a column's path.
inline constexpr auto as_is = [](const PythonValue* const& value) { return AnyValue{value}; };
inline constexpr auto as_text = [](const PythonValue* const& value) { return AsText{value}; };
inline constexpr auto text_or_empty = [](const PythonValue* const& value) { return TextOrEmpty{value}; };
inline constexpr auto as_stamp = [](const int64_t& instant) { return Stamp{instant}; };
inline constexpr auto as_float = [](const double& value) { return PythonFloat{value}; };

class PythonRow : public RowWriter {
 public:
  using RowWriter::RowWriter;

  // Any value unchanged; null if it is missing.
  void as_is(const PythonValue* value) { RowWriter::value(AnyValue{value}); }
  void put_as_is(const Column& column, const PythonValue* value) {
    key(column);
    as_is(value);
  }
  void first_as_is(const PythonValue& value, uint32_t count) { RowWriter::value(FirstAsIs{&value, count}); }
  // The value as text; null if it is null or missing.
  void as_text(const PythonValue* value) { RowWriter::value(AsText{value}); }
  void put_text(const Column& column, const PythonValue* value) {
    key(column);
    as_text(value);
  }
  void put_stamp(const Column& column, int64_t instant) { put(column, Stamp{instant}); }
  void put_retention(const Column& column, const Retention& retention) { put(column, retention); }
  // The value as an address, in the column of its version; nothing if it is not an address.
  void put_ip(const Column& v4, const Column& v6, const PythonValue* value);

  // TagArrays and ContextArrays: the columns of a Nested. `tags` must be sorted. The arrays stay open for more
  // elements.
  void begin_tag_names(const Column& names, const PythonPairs& tags);
  void begin_tag_values(const Column& values, const PythonPairs& tags);
  void put_contexts(const Column& names, const Column& values, const std::vector<PythonContext>& contexts);
};

}  // namespace freshet::processors
