#include "processors/data_sets/replays/replays_processor.h"

#include "processors/data_sets/replays/replay_document.h"
#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

enum In { kPayload, kStartTime, kProjectId, kReplayId, kRetentionDays };
constexpr Fields kFields({{"payload", Need::Required},
                          {"start_time", Need::Required},
                          {"project_id", Need::Required},
                          {"replay_id", Need::Required},
                          {"retention_days", Need::Required}});

// Finds the document's `type` anywhere in the object, then returns to the start.
bool find_kind(JsonReader& json, ReplayKind& kind) {
  const auto begin = json.mark();
  JsonString key;
  for (json.enter_object(); json.next_key(key);) {
    if (key.view != "type") {
      if (!json.check()) return false;
      continue;
    }
    JsonString name;
    if (!json.read_string(name)) return false;
    json.rewind(begin);
    return replay_kind(name.view, kind) || json.fail("an unknown type of replay document");
  }
  return json.fail("the replay document has no type");
}

}  // namespace

ReplaysProcessor::ReplaysProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
    : values_(environment), row_(tick_form(settings)) {}

ProcessResult ReplaysProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  json_.open(message);
  inner_.open(std::string_view());
  message_.clear();
  if (!read()) return ProcessResult::invalid("invalid_message", error_text());
  row_.clear();
  const uint32_t count =
      write_replay_rows(message_, message.offset.value, context.partition.value, md5_, values_, row_);
  row_.move_to(rows);
  ProcessResult result = ProcessResult::rows(count);
  result.origin_timestamp_ms = origin_from_seconds(message_.start_time);
  return result;
}

std::string ReplaysProcessor::error_text() const {
  return inner_.failed() ? "in the replay document: " + inner_.error_text() : json_.error_text();
}

bool ReplaysProcessor::read() {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    const bool ok = field == kPayload     ? read_payload()
                    : field == kStartTime ? json_.read_f64_to_truncate(message_.start_time)
                    : field == kProjectId ? json_.read_u64(message_.project_id)
                    : field == kReplayId  ? read_value(json_, message_.replay_id)
                                          : json_.read_unsigned(message_.retention_days);
    if (!ok) return false;
  }
  return fields.complete() && json_.finish();
}

bool ReplaysProcessor::read_payload() {
  if (json_.peek() == JsonKind::Object) return read_document(json_);
  const auto begin = json_.mark();
  if (!json_.enter_array()) return false;
  if (!json_.next_element()) return json_.fail("an empty replay document");
  const bool positional = json_.peek() == JsonKind::String;
  json_.rewind(begin);
  return positional ? read_positional_document(json_) : read_bytes();
}

bool ReplaysProcessor::read_bytes() {
  if (!json_.read_bytes(bytes_)) return false;
  inner_.open(bytes_);
  const bool ok = inner_.peek() == JsonKind::Array ? read_positional_document(inner_) : read_document(inner_);
  return ok && inner_.finish();
}

bool ReplaysProcessor::read_document(JsonReader& json) {
  return find_kind(json, message_.kind) && read_replay_document(json, message_);
}

// The first element is the type; the others are the fields of that kind in positional order.
bool ReplaysProcessor::read_positional_document(JsonReader& json) {
  JsonString name;
  if (!json.enter_array() || !json.next_element() || !json.read_string(name)) return false;
  if (!replay_kind(name.view, message_.kind)) return json.fail("an unknown type of replay document");
  return read_rest_of_replay_document(json, message_);
}

}  // namespace freshet::processors
