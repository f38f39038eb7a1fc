// Turns typed rows into JSONEachRow, from which the server stores the same values.
// https://clickhouse.com/docs/interfaces/formats/JSONEachRow
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columns/data_type.h"
#include "columns/native_block.h"

namespace freshet::columns {

// The text means the same for 18.16 and current servers, whatever their time zone and date_time_input_format, except:
// - Servers read some numbers as floats inexactly (json_scalar.cc).
// - A DateTime64 before 1970 or after 2286 is text in UTC, as date_time_input_format=best_effort reads it.
// - 18.16 reads no Date after 2105, and neither a Tuple whose elements have names nor an Array of Tuples.
// - No server reads a Map whose keys are Bool, an Array or a Tuple.
// What a server cannot read it refuses, with the row.
//
// Threads: any, as long as nobody else uses `out`.
class JsonRows {
 public:
  static constexpr uint64_t kMaxBytes = uint64_t{1} << 30;

  // As NativeBlock::create().
  static Result<JsonRows> create(const std::vector<std::string>& names, const std::vector<std::string>& types);

  // Appends one or more whole rows to `out`, each as a line. Their number. Error: `rows` do not have the columns' types
  // (Malformed), or `out` would have more than `max_bytes`; it then ends somewhere in a row. Throws only
  // std::bad_alloc.
  tl::expected<uint64_t, BlockError> append(std::string_view rows, std::string& out,
                                            uint64_t max_bytes = kMaxBytes) const;

 private:
  struct Column {
    std::string name;  // with the type, for errors
    std::string key;   // as in a row: quoted, and the colon
    DataType type;
  };
  explicit JsonRows(std::vector<Column> columns) : columns_(std::move(columns)) {}

  std::vector<Column> columns_;
};

}  // namespace freshet::columns
