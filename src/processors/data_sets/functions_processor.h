// FunctionsMessageProcessor: durations of profiled functions.
#pragma once

#include <optional>
#include <vector>

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// Writes one row per element of `functions`. An empty list results in no row and is not an error.
class FunctionsMessageProcessor final : public Processor {
 public:
  FunctionsMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Profile;
  bool read(Profile& out);
  bool read_field(int field, Profile& out);
  bool read_functions();
  bool read_function();
  bool read_function_field(int field);
  bool read_durations();
  void write(const Profile& profile);

  struct Function {
    uint64_t fingerprint = 0;
    JsonString name;
    bool in_app = false;
    JsonString package;
    std::optional<JsonString> thread_id;
    size_t durations_begin = 0;  // index into durations_
    size_t durations_end = 0;
  };
  std::vector<Function> functions_;  // scratch: fields of the message may come after its functions
  std::vector<uint64_t> durations_;  // scratch
  const RowLayout layout_;
  JsonReader json_;
  RowWriter row_;
};

}  // namespace freshet::processors
