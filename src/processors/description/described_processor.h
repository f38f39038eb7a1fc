// The processor of a described data set.
#pragma once

#include <string>

#include "ports/processor.h"
#include "processors/description/description.h"
#include "processors/environment.h"
#include "processors/formats/row_encoder.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// One row for each message.
struct OneRow {};

// `kDescription`: a constant made by describe(). `kElements`: for data sets with one row for each element of a list in
// the message, the member with this list.
template <const auto& kDescription, auto kElements = OneRow{}>
class DescribedProcessor : public Processor {
 public:
  using Row = typename std::remove_cvref_t<decltype(kDescription)>::Row;

  DescribedProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : environment_(settings.environment),
        values_(environment),
        out_(kDescription.column_names(), tick_form(settings), environment.table) {}

  const RowLayout& layout() const override { return out_.layout(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { out_.begin_chunk(); }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) final {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    json_.open(message);
    row_ = Row{};
    ReadContext in{json_, values_};
    if (!kDescription.read(in, row_) || !json_.finish() || !complete(in, row_)) return invalid_message(json_);
    const RowContext row_context{context.partition, message.offset, environment_, values_};
    ProcessResult result = ProcessResult::rows(row_count());
    result.json_each_row = !out_.append(rows, [&](auto& writer) { write(writer, row_context); });
    report(row_, result);
    return result;
  }

 protected:
  // After the whole message was read. False: it is invalid; the reader has the reason.
  virtual bool complete(ReadContext&, Row&) { return true; }
  // For metrics, and for the times in `result`.
  virtual void report(const Row&, ProcessResult&) {}

 private:
  static constexpr bool kOneRow = !std::is_member_object_pointer_v<decltype(kElements)>;

  uint32_t row_count() const {
    if constexpr (kOneRow) {
      return 1;
    } else {
      return static_cast<uint32_t>((row_.*kElements).size());
    }
  }
  template <typename Writer>
  void write(Writer& out, const RowContext& context) const {
    if constexpr (kOneRow) {
      write_row(out, row_, context);
    } else {
      for (const auto& element : row_.*kElements) {
        write_row(out, ElementRow<Row, std::remove_cvref_t<decltype(element)>>{row_, element}, context);
      }
    }
  }
  template <typename Writer, typename Source>
  static void write_row(Writer& out, const Source& source, const RowContext& context) {
    out.begin_row();
    kDescription.write(out, source, context);
    out.end_row();
  }

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
template <const auto& kDescription, auto kElements = OneRow{}>
ProcessorFactory described(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<DescribedProcessor<kDescription, kElements>>(settings, environment);
}

// For data sets that also say when the event occurred: `kOrigin` is the member with this time in seconds.
template <const auto& kDescription, auto kOrigin, auto kElements>
class ProcessorWithOrigin final : public DescribedProcessor<kDescription, kElements> {
 public:
  using Base = DescribedProcessor<kDescription, kElements>;
  using Base::Base;

 private:
  void report(const typename Base::Row& row, ProcessResult& result) override {
    result.origin_timestamp_ms = origin_from_seconds(row.*kOrigin);
  }
};
template <const auto& kDescription, auto kOrigin, auto kElements = OneRow{}>
ProcessorFactory described_with_origin(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<ProcessorWithOrigin<kDescription, kOrigin, kElements>>(settings, environment);
}

}  // namespace freshet::processors
