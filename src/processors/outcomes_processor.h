// OutcomesProcessor: whether the events of a project were accepted, filtered, limited or discarded.
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/generated_values.h"
#include "processors/json_reader.h"
#include "processors/processors_metrics.h"
#include "processors/processors_settings.h"
#include "processors/row_writer.h"

namespace freshet::processors {

// One row per message.
class OutcomesProcessor final : public Processor {
 public:
  OutcomesProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Outcome {
    uint64_t org_id = 0;
    std::optional<uint64_t> project_id;
    std::optional<uint64_t> key_id;
    uint32_t timestamp = 0;
    uint8_t outcome = 0;
    std::optional<uint8_t> category;
    std::optional<uint64_t> quantity;
    std::optional<JsonString> reason;
    std::optional<Uuid> event_id;
  };
  bool read(Outcome& out);
  bool read_field(int field, Outcome& out);
  void write(const Outcome& outcome);

  GeneratedValues values_;
  const OutcomesMetrics metrics_;
  const RowLayout layout_;
  JsonReader json_;
  RowWriter row_;
};

}  // namespace freshet::processors
