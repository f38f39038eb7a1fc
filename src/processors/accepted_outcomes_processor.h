// What trace items say to the billing (contract 15.2); the rows are OutcomeItems (model/accepted_outcome.h).
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/far_time_filter.h"
#include "processors/processors_settings.h"
#include "processors/trace_item.h"

namespace freshet::processors {

// A row for an item with outcomes, none for another. Spans may repeat, as far as their id tells them apart.
// Verdict codes: null_payload, invalid_message; skips: invalid_timestamp (older generation).
class AcceptedOutcomesProcessor final : public Processor {
 public:
  AcceptedOutcomesProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override;
  Verdict process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void append_item(std::string& rows) const;

  const RowLayout layout_;
  TraceItemDecoder decoder_;
  TraceItem item_;
  FarTimeFilter far_times_;
};

}  // namespace freshet::processors
