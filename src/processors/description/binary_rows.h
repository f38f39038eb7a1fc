// Writes the rows of a described data set as RowBinary, for tables whose types are agreed upon.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ports/processor.h"
#include "processors/description/row_context.h"
#include "processors/formats/binary_row_writer.h"

namespace freshet::processors {

// Writes the rows of a described data set as RowBinary in the types that the values have by themselves: for tables
// whose types are agreed upon. Threads: one.
template <const auto& kDescription>
class BinaryRows {
 public:
  BinaryRows() {
    for (const std::string_view name : kDescription.column_names()) layout_.columns.emplace_back(name);
  }

  const RowLayout& layout() const { return layout_; }
  std::string_view why_json() const { return "rows are RowBinary"; }
  void begin_chunk() {}
  void begin_message() {
    out_.clear();
    count_ = 0;
  }
  template <typename Source>
  void add(const Source& row, const RowContext& context) {
    kDescription.write(out_, row, context);
    ++count_;
  }
  ProcessResult move_to(std::string& rows) {
    rows.append(out_.bytes());
    return ProcessResult::rows(count_);
  }

 private:
  RowLayout layout_{RowFormat::RowBinary, {}};
  BinaryRowWriter out_;
  uint32_t count_ = 0;
};

}  // namespace freshet::processors
