// Writes the text of JSON values in the types of columns.
//
// The stored values are those of the same text in JSONEachRow. Where this is not certain, there is no exact form
// (typed_rows.h): the server converts texts to numbers, numbers to texts, and most kinds of times by rules of its own.
#pragma once

#include <cstdint>
#include <string_view>

#include "columns/data_type.h"
#include "columns/row_binary_writer.h"
#include "processors/json/json_reader.h"
#include "processors/json/json_syntax.h"

namespace freshet::processors {

// Texts of times without a zone have an exact form only in UTC.
bool is_utc(std::string_view zone);

// How the server reads texts for DateTime and DateTime64.
struct TimeTexts {
  bool best_effort = false;    // date_time_input_format; otherwise no 'T', no 'Z', and no fraction for a DateTime
  bool server_is_utc = false;  // of columns whose type has no time zone
};

// Threads: one.
class JsonValueWriter {
 public:
  // `most_bytes`: what exceeds it has no exact form. Checked after each element.
  explicit JsonValueWriter(columns::RowBinaryWriter& out, size_t most_bytes = SIZE_MAX)
      : out_(out), most_bytes_(most_bytes) {}

  void set_time_texts(TimeTexts times) { times_ = times; }

  // True if some values of the type have an exact form.
  static bool writes(const columns::DataType& type);

  // `value` is not null; for a Nullable type, the byte for it is written. False: there is no exact form, and the bytes
  // that were written are worthless. The type is one that it writes.
  bool write(const columns::DataType& type, JsonText value);
  // False: the server may reject a row for the value of a key that has no column.
  bool can_be_skipped(JsonText value);

 private:
  using Type = columns::DataType;

  bool write_value(const Type& type, JsonText value);
  bool write_number(const Type& type, std::string_view number);
  bool write_digits(const Type& type, bool negative, uint64_t size);
  bool write_float(const Type& type, std::string_view number);
  bool write_decimal(const Type& type, std::string_view number);
  void write_integer(uint32_t width, bool negative, uint64_t size);
  bool write_bool(const Type& type, bool value);
  bool write_string(const Type& type, JsonText value);
  bool write_text(const Type& type, std::string_view text);
  bool write_quoted_number(const Type& type, std::string_view text);
  bool write_day(const Type& type, std::string_view text);
  bool write_time(const Type& type, std::string_view text);
  bool write_address(const Type& type, std::string_view text);
  bool write_elements(const Type& type, JsonText value);
  // These read from `elements_`.
  bool write_next(const Type& type);
  bool write_array(const Type& element);
  bool write_map(const Type& value);

  columns::RowBinaryWriter& out_;
  const size_t most_bytes_;
  TimeTexts times_;
  JsonReader elements_;  // of an array or object
  JsonReader escaped_;   // a string with escapes
};

}  // namespace freshet::processors
