// LlmProxyCostProcessor: costs of calls to language models.
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/generated_values.h"
#include "processors/json_reader.h"
#include "processors/processors_settings.h"
#include "processors/row_writer.h"

namespace freshet::processors {

// One row per message; its columns are the fields of the message.
class LlmProxyCostProcessor final : public Processor {
 public:
  LlmProxyCostProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Cost;
  bool read(Cost& out);
  bool read_field(int field, Cost& out);
  void write(const Cost& cost);

  GeneratedValues values_;
  const RowLayout layout_;
  JsonReader json_;
  RowWriter row_;
};

}  // namespace freshet::processors
