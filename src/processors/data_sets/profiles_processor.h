// ProfilesMessageProcessor: metadata of transaction profiles.
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// One row per message: its fields, with clamped retention, and its partition and offset.
class ProfilesMessageProcessor final : public Processor {
 public:
  ProfilesMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Profile;
  bool read(Profile& out);
  bool read_field(int field, Profile& out);
  void write(const Profile& profile, Offset offset, Partition partition);

  const SnubaEnvironment environment_;
  const RowLayout layout_;
  JsonReader json_;
  RowWriter row_;
};

}  // namespace freshet::processors
