// The processor of a described data set with one row per message.
#pragma once

#include <string>

#include "ports/processor.h"
#include "processors/description/description.h"
#include "processors/environment.h"
#include "processors/formats/row_encoder.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// `kDescription`: a constant made by describe().
template <const auto& kDescription>
class DescribedProcessor : public Processor {
 public:
  using Row = typename std::remove_cvref_t<decltype(kDescription)>::Row;

  DescribedProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : environment_(settings.environment), values_(environment), out_(kDescription.column_names(), tick_form(settings), environment.table) {}

  const RowLayout& layout() const override { return out_.layout(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { out_.begin_chunk(); }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) final {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    json_.open(message);
    row_ = Row{};
    ReadContext in{json_, values_};
    if (!kDescription.read(in, row_) || !json_.finish()) return invalid_message(json_);
    const RowContext row_context{context.partition, message.offset, environment_, values_};
    ProcessResult result = ProcessResult::rows(1);
    result.json_each_row = !out_.append(rows, [&](auto& writer) { kDescription.write(writer, row_, row_context); });
    report(row_, result);
    return result;
  }

 protected:
  // For metrics, and for the times in `result`.
  virtual void report(const Row&, ProcessResult&) {}

 private:
  const SnubaEnvironment environment_;
  GeneratedValues values_;
  JsonReader json_;
  RowEncoder out_;
  Row row_;
};

template <typename OneProcessor>
ProcessorFactory factory_of(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return [settings, environment] { return std::make_unique<OneProcessor>(settings, environment); };
}

// For data sets that only have a description.
template <const auto& kDescription>
ProcessorFactory described(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<DescribedProcessor<kDescription>>(settings, environment);
}

}  // namespace freshet::processors
