// ErrorsProcessor: events that Sentry groups into issues, and changes of groups, which become replacements.
#pragma once

#include "ports/processor.h"
#include "processors/data_sets/errors/errors_event.h"
#include "processors/data_sets/errors/errors_reader.h"
#include "processors/data_sets/errors/errors_row.h"
#include "processors/environment.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Writes one row per event. A replacement has the project's id as key and the unchanged payload as value.
class ErrorsProcessor final : public Processor {
 public:
  ErrorsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  bool read_event();
  bool read_replacement();

  const RowLayout layout_;
  JsonReader json_;
  GeneratedValues values_;
  ErrorsReader reader_;
  ErrorsRow row_;
  ErrorEvent event_;
  uint64_t replaced_project_ = 0;
};

}  // namespace freshet::processors
