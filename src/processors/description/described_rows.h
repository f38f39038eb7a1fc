// Writes the rows of a described data set, for processors that have other than one row per message.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "ports/processor.h"
#include "processors/description/row_context.h"
#include "processors/formats/row_writer.h"
#include "processors/processors_settings.h"
#include "processors/values/read_values.h"

namespace freshet::processors {

// `kDescription`: a constant made by describe(). Threads: one.
template <const auto& kDescription>
class DescribedRows {
 public:
  using Row = typename std::remove_cvref_t<decltype(kDescription)>::Row;

  explicit DescribedRows(const ProcessorsSettings& settings) : out_(tick_form(settings)) {}

  const RowLayout& layout() const { return layout_; }

  // Forgets rows that were not moved, because memory ran out.
  void begin_message() {
    out_.clear();
    count_ = 0;
  }
  void add(const Row& row, const RowContext& context) {
    out_.begin_row();
    kDescription.write(out_, row, context);
    out_.end_row();
    ++count_;
  }
  // Appends the rows that were added to `rows`, and forgets them.
  ProcessResult move_to(std::string& rows) {
    out_.move_to(rows);
    return ProcessResult::rows(std::exchange(count_, 0));
  }

 private:
  const RowLayout layout_;
  RowWriter out_;
  uint32_t count_ = 0;
};

}  // namespace freshet::processors
