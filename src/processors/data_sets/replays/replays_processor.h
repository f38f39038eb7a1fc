// ReplaysProcessor: session replays: segments, clicks, taps, links to events, views.
#pragma once

#include <vector>

#include "ports/processor.h"
#include "processors/data_sets/replays/replay_row.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"
#include "processors/values/generated_values.h"
#include "processors/values/md5.h"

namespace freshet::processors {

// One row per click or tap, one row for every other kind. The message contains the inner document as an object or as an
// array of its bytes. Threads: one.
class ReplaysProcessor final : public Processor {
 public:
  ReplaysProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  bool read();
  bool read_payload();
  bool read_bytes();
  bool read_document(JsonReader& json);
  bool read_positional_document(JsonReader& json);
  std::string error_text() const;

  const RowLayout layout_;
  JsonReader json_;
  JsonReader inner_;  // of a document that is an array of bytes
  std::string bytes_;
  GeneratedValues values_;
  Md5 md5_;
  RowWriter row_;
  ReplayMessage message_;
};

}  // namespace freshet::processors
