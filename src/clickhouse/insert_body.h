// The body of an insert: its rows in the format in which they are sent, compressed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "clickhouse/block_encoder.h"
#include "columns/json_rows.h"
#include "columns/native_block.h"
#include "ports/row_writer.h"

namespace freshet::clickhouse {

struct EncodedInsert {
  Body body;
  const RowLayout* layout = nullptr;  // for the statement
};

// Threads: one at a time.
class InsertBody {
 public:
  // `full_blocks`, `buffers`: see BlockEncoder.
  InsertBody(Compression compression, bool full_blocks, std::shared_ptr<BodyBuffers> buffers = nullptr)
      : encoder_(compression, full_blocks, std::move(buffers)) {}

  // With RowFormat::Native, the rows become one block of columns; rows of several layouts are sent as_json(); others as
  // they are. What the rows become is compressed as it is made; the rest is charged from `room`. The view is valid
  // until the next call; the layout is the request's, or lives forever. Error: the outcome of the insert, of which
  // nothing was sent. Rows that do not have the types of the layout are a bug of whoever wrote them. They are neither
  // lost nor dead letters: the outcome is for the operator.
  tl::expected<EncodedInsert, WriteOutcome> encode(const InsertRequest& request, Reservation& room);
  // The same rows in the same order as JSONEachRow. Requires RowFormat::Native, or several layouts.
  tl::expected<EncodedInsert, WriteOutcome> as_json(const InsertRequest& request, Reservation& room);
  // See BlockEncoder.
  size_t memory() const { return encoder_.body_memory(); }
  void finish() { encoder_.finish(); }

 private:
  Status use_layout(const RowLayout& layout);
  tl::expected<void, WriteOutcome> append_json(const InsertRequest& request, std::string& text,
                                               std::vector<std::string_view>& pieces);

  BlockEncoder encoder_;
  RowLayout layout_;  // of block_ and json_
  std::optional<columns::NativeBlock> block_;
  std::optional<columns::JsonRows> json_;
};

}  // namespace freshet::clickhouse
