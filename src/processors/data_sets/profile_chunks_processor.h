// ProfileChunksProcessor: pieces of continuous profiles.
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// One row per message.
class ProfileChunksProcessor final : public Processor {
 public:
  ProfileChunksProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Chunk;
  bool read(Chunk& out);
  bool read_field(int field, Chunk& out);

  const SnubaEnvironment environment_;
  const RowLayout layout_;
  JsonReader json_;
  RowWriter row_;
};

}  // namespace freshet::processors
