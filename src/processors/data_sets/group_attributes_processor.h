// GroupAttributesMessageProcessor: the state of issues, for sorting and filtering.
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"
#include "processors/python/python_json.h"
#include "processors/python/python_row.h"

namespace freshet::processors {

// One row per message.
//   invalid  null_payload, invalid_message (not JSON), missing_field, invalid_value
class GroupAttributesMessageProcessor final : public Processor {
 public:
  GroupAttributesMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  const RowLayout layout_;
  PythonJson json_;
  PythonRow row_;
};

}  // namespace freshet::processors
