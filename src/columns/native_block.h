// Turns rows into columns: RowBinary rows become one block of ClickHouse's Native format.
// https://clickhouse.com/docs/interfaces/formats/Native
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columns/frame_sink.h"

namespace freshet::columns {

// Why rows did not become a block.
struct BlockError {
  enum class Kind {
    Malformed,  // the bytes are not rows of these columns: whoever wrote them has a bug
    TooLarge,   // the block would exceed the limit; one with fewer rows may not
  };
  Kind kind = Kind::Malformed;
  std::string text;
};

// A block has for each column its name, its type and the values of all rows. HTTP has neither a BlockInfo before it nor
// kinds of serialization (both belong to newer revisions of the TCP protocol). The server finds the columns by
// name. It must be sent the types that the table has: see the README of the ClickHouse module.
//
// Threads: one at a time. Reuses its memory for the next block until trim().
class NativeBlock {
 public:
  static constexpr uint64_t kMaxBytes = uint64_t{1} << 30;

  // Columns by name and type, both as DESCRIBE TABLE writes them; at least one. Error: see parse_data_type(), or the
  // lists have different lengths.
  static Result<NativeBlock> create(const std::vector<std::string>& names, const std::vector<std::string>& types);
  NativeBlock(NativeBlock&&) noexcept;
  NativeBlock& operator=(NativeBlock&&) noexcept;
  ~NativeBlock();

  // `rows`: pieces of one or more whole rows, `row_count` in total, each row the values of all columns in their order
  // (DataType). The concatenation of the result is the block; it is valid until the next call. `sink`: takes the bytes
  // of long columns as they are read; null = all pieces are bytes. A value takes no allocation. `max_bytes`: of memory,
  // so without what the sink took. Checks that the rows end where their pieces end, but no value, and servers check
  // none either (except JSON): whoever writes a row must know that an Enum has the number. Throws only std::bad_alloc.
  tl::expected<std::vector<BlockPiece>, BlockError> encode(const std::vector<std::string_view>& rows,
                                                           uint64_t row_count, uint64_t max_bytes = kMaxBytes,
                                                           FrameSink* sink = nullptr);
  // The memory that the block takes, with room to grow.
  uint64_t held_bytes() const;
  // Frees the memory if the last block was large. Invalidates the result of encode().
  void trim();

 private:
  struct Columns;
  explicit NativeBlock(std::unique_ptr<Columns> columns);
  std::unique_ptr<Columns> columns_;
};

}  // namespace freshet::columns
