// The processor of a described data set.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ports/processor.h"
#include "processors/description/described_rows.h"
#include "processors/description/description.h"
#include "processors/environment.h"
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
      : environment_(settings.environment), values_(environment), rows_(settings, environment) {}

  const RowLayout& layout() const override { return rows_.layout(); }
  std::string_view why_json() const override { return rows_.why_json(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { rows_.begin_chunk(); }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) final {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    json_.open(message);
    row_ = std::move(empty_);
    ReadContext in{json_, values_};
    if (!kDescription.read(in, row_) || !json_.finish() || !complete(in, row_)) return invalid_message(json_);
    return write({context.partition, message.offset, environment_, values_, message.timestamp_ms}, rows);
  }

 protected:
  // After the whole message was read. False: it is invalid; the reader has the reason.
  virtual bool complete(ReadContext&, Row&) { return true; }
  // For metrics, and for the times in `result`.
  virtual void report(const Row&, ProcessResult&) {}

 private:
  // A function of its own: with one return, the compiler makes the result where the caller wants it.
  ProcessResult write(const RowContext& context, std::string& rows) {
    rows_.begin_message();
    add_rows(context);
    ProcessResult result = rows_.move_to(rows);
    report(row_, result);
    return result;
  }
  void add_rows(const RowContext& context) {
    if constexpr (std::is_member_object_pointer_v<decltype(kElements)>) {
      for (const auto& element : row_.*kElements) {
        rows_.add(ElementRow<Row, std::remove_cvref_t<decltype(element)>>{row_, element}, context);
      }
    } else {
      rows_.add(row_, context);
    }
  }

  const SnubaEnvironment environment_;
  GeneratedValues values_;
  JsonReader json_;
  DescribedRows<kDescription> rows_;
  Row row_;
  // Always Row{}: members that would lose something by a move are empty. Assigning a new Row{} would wait until what
  // was just written to it can be read.
  Row empty_;
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
