// Extracts the outcomes of trace items (docs/snuba-data-sets.md, 17). The rows are OutcomeItems
// (outcomes/outcome_item.h).
#pragma once

#include "ports/processor.h"
#include "processors/data_sets/eap_items/far_time_filter.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"
#include "processors/protobuf/trace_item.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Writes one row for an item with outcomes, none for an item without. Spans can be sent twice, so their rows contain an
// identity that reveals duplicates. Invalid: null_payload, invalid_message. Skipped: invalid_timestamp (older Snuba).
class AcceptedOutcomesProcessor final : public Processor {
 public:
  AcceptedOutcomesProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override;
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void append_item(std::string& rows) const;

  const RowLayout layout_;
  TraceItemDecoder decoder_;
  TraceItem item_;
  GeneratedValues values_;
  FarTimeFilter far_times_;
};

}  // namespace freshet::processors
