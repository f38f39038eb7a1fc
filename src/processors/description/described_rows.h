// Writes the rows of a described data set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "ports/processor.h"
#include "processors/description/row_context.h"
#include "processors/environment.h"
#include "processors/formats/row_encoder.h"
#include "processors/processors_settings.h"
#include "processors/values/read_values.h"

namespace freshet::processors {

// `kDescription`: a constant made by describe(). Threads: one.
template <const auto& kDescription>
class DescribedRows {
 public:
  using Row = typename std::remove_cvref_t<decltype(kDescription)>::Row;

  DescribedRows(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : out_(kDescription.column_names(), tick_form(settings), environment.table) {}

  const RowLayout& layout() const { return out_.layout(); }
  std::string_view why_json() const { return out_.why_json(); }
  void begin_chunk() { out_.begin_chunk(); }

  // Forgets rows that were not moved, because memory ran out.
  void begin_message() {
    out_.begin_message();
    count_ = 0;
  }
  // `Source` is Row, or an ElementRow of it.
  template <typename Source>
  void add(const Source& row, const RowContext& context) {
    out_.add([&](auto& writer) {
      writer.begin_row();
      kDescription.write(writer, row, context);
      writer.end_row();
    });
    ++count_;
  }
  // Appends the rows that were added to `rows`.
  ProcessResult move_to(std::string& rows) {
    ProcessResult result = ProcessResult::rows(count_);
    result.json_each_row = !out_.move_to(rows);
    return result;
  }

 private:
  RowEncoder out_;
  uint32_t count_ = 0;
};

}  // namespace freshet::processors
