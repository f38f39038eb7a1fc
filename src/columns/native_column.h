// The values of one column, or of a part of a composite column, in the order in which the Native format has them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columns/byte_buffer.h"
#include "columns/data_type.h"
#include "columns/dictionary.h"

namespace freshet::columns {

struct NativeColumn {
  enum class Layout : uint8_t {
    Fixed1,
    Fixed2,
    Fixed4,
    Fixed8,
    Fixed16,
    FixedAny,
    String,
    Nullable,        // `bytes`: 1 for each NULL; parts: the values
    LowCardinality,  // `bytes`: an index (UInt32) into the dictionary for each value
    Array,           // `bytes`: for each value the number of elements up to its end; parts: the elements
    Tuple,           // parts: the elements. An Array of Tuples of two is a Map.
  };

  explicit NativeColumn(const DataType& type);

  // Removes all values. `sink`: see ByteBuffer; what must stay until the column is complete does not go there.
  void clear(FrameSink* sink);
  void free();
  uint64_t held_bytes() const;
  // Appends what precedes the values of a column: the versions of how its parts are serialized.
  void append_prefixes(std::string& out) const;
  // Appends the bytes of the values. To be called once: the indices of a dictionary shrink.
  void append_values(std::vector<BlockPiece>& out);

  Layout layout = Layout::String;
  bool nullable_keys = false;  // LowCardinality: a value begins as a nullable one
  bool json = false;
  uint32_t width = 0;      // Fixed*, and the keys of LowCardinality: bytes of a value; 0 = strings
  uint64_t min_bytes = 1;  // that a value has in a row
  ByteBuffer bytes;
  uint64_t elements = 0;  // Array: so far
  std::vector<NativeColumn> parts;
  std::optional<Dictionary> dictionary;
  std::string default_key;            // LowCardinality: as the format stores it
  std::array<char, 24> key_header{};  // LowCardinality: what precedes the keys, and the indices
};

// Reads rows into columns. Threads: one.
class RowReader {
 public:
  enum class Failure {
    Ends,      // the bytes end within the value
    Flag,      // neither 0 nor 1 where a nullable value begins
    Length,    // of a string or array: longer than ClickHouse writes it
    TooLarge,  // beyond the allowance
  };
  // `allowance`: bytes that the columns' memory may grow by.
  RowReader(std::vector<NativeColumn>& columns, uint64_t allowance) : columns_(columns), allowance_(allowance) {}

  // Makes room for `rows` more rows. Must be called before reading, with at least as many as will be read.
  bool reserve(uint64_t rows);
  // Appends the row at `at` to the columns. The position behind it; nullptr: see failure().
  const char* read_row(const char* at, const char* end);
  Failure failure() const { return failure_; }
  size_t failed_column() const { return failed_column_; }

 private:
  bool reserve(NativeColumn& column, uint64_t values);
  const char* read(NativeColumn& column, const char* at);
  template <size_t width>
  const char* read_fixed(NativeColumn& column, const char* at);
  const char* read_string(NativeColumn& column, const char* at);
  const char* read_nullable(NativeColumn& column, const char* at);
  const char* read_low_cardinality(NativeColumn& column, const char* at);
  bool add_key(NativeColumn& column, std::string_view key);
  bool prepare_dictionary(NativeColumn& column);
  const char* read_array(NativeColumn& column, const char* at);
  const char* read_length(const char* at, uint64_t& length);
  bool add_default(NativeColumn& column);
  size_t left(const char* at) const { return static_cast<size_t>(end_ - at); }
  const char* fail(Failure failure) {
    failure_ = failure;
    return nullptr;
  }

  std::vector<NativeColumn>& columns_;
  uint64_t allowance_;
  const char* end_ = nullptr;  // of the piece that is read
  Failure failure_ = Failure::Ends;
  size_t failed_column_ = 0;
};

}  // namespace freshet::columns
