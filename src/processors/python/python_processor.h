// The processor of a described data set whose messages have values of any type, as Snuba processes them in Python.
#pragma once

#include <span>
#include <string>

#include "ports/processor.h"
#include "processors/description/described_rows.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"
#include "processors/python/python_invalid.h"
#include "processors/python/python_json.h"
#include "processors/python/python_row.h"
#include "processors/values/read_values.h"

namespace freshet::processors {

// One row for each valid message.
template <const auto& kDescription>
class PythonProcessor : public Processor {
 public:
  using Row = typename std::remove_cvref_t<decltype(kDescription)>::Row;

  PythonProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : settings_(settings), values_(environment), rows_(settings, environment) {}

  const RowLayout& layout() const override { return rows_.layout(); }
  std::string_view why_json() const override { return rows_.why_json(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { rows_.begin_chunk(); }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) final {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    const PythonValue* const root = json_.read(*message.payload);
    if (root == nullptr) return invalid_json(json_);
    ProcessResult result = read(*root, row_);
    if (result.kind != ProcessResult::Kind::Rows) return result;
    rows_.begin_message();
    rows_.add(row_, {context.partition, message.offset, settings_.environment, values_, message.timestamp_ms});
    return rows_.move_to(rows);
  }

 protected:
  // Sets every member of `row`, which has the values of an earlier message. Rows: the message is valid.
  virtual ProcessResult read(const PythonValue& root, Row& row) = 0;

  const ProcessorsSettings settings_;
  GeneratedValues values_;

 private:
  PythonJson json_;
  DescribedRows<kDescription> rows_;
  Row row_;
};

}  // namespace freshet::processors
