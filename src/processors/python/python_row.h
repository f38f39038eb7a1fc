// Values of any type in rows, as JSON or in the types of a table's columns.
#pragma once

#include <optional>

#include "processors/formats/row_writer.h"
#include "processors/formats/typed_rows.h"
#include "processors/python/python_fields.h"
#include "processors/python/python_ids.h"
#include "processors/python/python_json.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_time.h"

namespace freshet::processors {

// Values of columns, for descriptions. A missing value is null unless stated otherwise.
struct AnyValue {
  const PythonValue* value = nullptr;  // of any type, unchanged
};
struct AsText {
  const PythonValue* value = nullptr;
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

// An address in the column of its version; the column of the other version is left out.
inline constexpr auto v4_when_there = [](const std::optional<PythonIp>& ip) {
  return WhenThere<PythonIp>{ip && !ip->address.v6 ? ip : std::nullopt};
};
inline constexpr auto v6_when_there = [](const std::optional<PythonIp>& ip) {
  return WhenThere<PythonIp>{ip && ip->address.v6 ? ip : std::nullopt};
};

// Members of these types are fields of any type.
inline bool read_field(PythonField& in, AnyValue& out) { return read_field(in, out.value); }
inline bool read_field(PythonField& in, AsText& out) { return read_field(in, out.value); }

// The broker's time of the message, for column<message_time>("message_timestamp").
inline Stamp message_time(const RowContext& context) { return {context.timestamp_ms * 1000}; }

}  // namespace freshet::processors
