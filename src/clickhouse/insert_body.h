// The body of an insert: its rows in the format of their layout, compressed.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/byte_budget.h"
#include "clickhouse/block_encoder.h"
#include "columns/native_block.h"
#include "ports/row_writer.h"

namespace freshet::clickhouse {

// Threads: one at a time. Reuses its buffers for the next body until trim().
class InsertBody {
 public:
  // `full_blocks`: see BlockEncoder.
  InsertBody(Compression compression, bool full_blocks) : encoder_(compression, full_blocks) {}

  // With RowFormat::Native, the rows become one block of columns, which exists only while it is compressed; `budget`
  // (may be null) is charged with it. The view is valid until the next call. Error: the outcome of the insert, of which
  // nothing was sent. Rows that do not have the types of the layout are a bug of whoever wrote them. They are neither
  // lost nor dead letters: the outcome is for the operator.
  tl::expected<std::string_view, WriteOutcome> encode(const InsertRequest& request,
                                                      const std::shared_ptr<ByteBudget>& budget);
  // See BlockEncoder.
  void trim() { encoder_.trim(); }

 private:
  Status use_layout(const RowLayout& layout);

  BlockEncoder encoder_;
  RowLayout layout_;  // of block_
  std::optional<columns::NativeBlock> block_;
};

}  // namespace freshet::clickhouse
