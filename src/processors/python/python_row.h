// Writes rows with values of any type. Does not check them against the table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "processors/formats/row_writer.h"
#include "processors/python/python_ids.h"
#include "processors/python/python_json.h"
#include "processors/python/python_pairs.h"
#include "processors/python/python_time.h"

namespace freshet::processors {

class PythonRow : public RowWriter {
 public:
  using RowWriter::RowWriter;

  // Any value unchanged; null if it is missing.
  void as_is(const PythonValue* value);
  void put_as_is(const Column& column, const PythonValue* value) {
    key(column);
    as_is(value);
  }
  // The first elements of an array, or the first code points of a string.
  void first_as_is(const PythonValue& value, uint32_t count);
  // The value as text; null if it is null or missing.
  void as_text(const PythonValue* value);
  void put_text(const Column& column, const PythonValue* value) {
    key(column);
    as_text(value);
  }
  void put_stamp(const Column& column, int64_t instant) { put(column, Stamp(instant).view()); }
  void put_retention(const Column& column, const Retention& retention);
  void put_float(double value);
  // The value as an address, in the column of its version; nothing if it is not an address.
  void put_ip(const Column& v4, const Column& v6, const PythonValue* value);

  // TagArrays and ContextArrays: the columns of a Nested. `tags` must be sorted. The arrays stay open for more
  // elements.
  void begin_tag_names(const Column& names, const PythonPairs& tags);
  void begin_tag_values(const Column& values, const PythonPairs& tags);
  void put_contexts(const Column& names, const Column& values, const std::vector<PythonContext>& contexts);

 private:
  void object(const PythonValue& value);

  std::string scratch_;
};

}  // namespace freshet::processors
