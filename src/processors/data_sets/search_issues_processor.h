// SearchIssuesMessageProcessor: occurrences of issues other than errors.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"
#include "processors/python/python_json.h"
#include "processors/python/python_pairs.h"
#include "processors/python/python_row.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Writes one row per message, or none if it is older than its retention.
//   skipped  event_too_old
//   invalid  null_payload, invalid_message (not JSON, no envelope), invalid_message_version, invalid_message_type,
//            missing_field, invalid_value (Snuba's invalid_uuid and process_message_error)
class SearchIssuesMessageProcessor final : public Processor {
 public:
  SearchIssuesMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Occurrence;

  // These return Kind::Rows for a valid message, otherwise the result for the invalid one.
  ProcessResult read_envelope(const PythonValue& root, Occurrence& out);
  ProcessResult read_age(Occurrence& out);
  ProcessResult read(Occurrence& out);
  // These return an error text; null: valid.
  const char* read_times(Occurrence& out);
  const char* read_ids(Occurrence& out);
  const char* read_tags_and_parts(Occurrence& out);
  const char* read_contexts(Occurrence& out);
  const char* read_duration(Occurrence& out);

  void write(const Occurrence& occurrence, const MessageContext& context, const Message& message);
  void write_event(const Occurrence& occurrence);
  void write_tags(const Occurrence& occurrence);
  void write_parts(const Occurrence& occurrence);

  const ProcessorsSettings settings_;
  GeneratedValues values_;
  const RowLayout layout_;
  PythonJson json_;
  PythonPairs tags_;
  PythonPairs headers_;
  std::vector<PythonMember> containers_;
  std::vector<PythonMember> members_;
  std::vector<PythonContext> contexts_;
  PythonRow row_;
};

}  // namespace freshet::processors
