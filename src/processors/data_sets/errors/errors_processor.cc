#include "processors/data_sets/errors/errors_processor.h"

#include <algorithm>

#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

constexpr uint8_t kVersion = 2;
constexpr std::string_view kInsert = "insert";

constexpr Fields kReplacement({{"project_id", Need::Required}});

}  // namespace

ErrorsProcessor::ErrorsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
    : values_(environment), reader_(json_, values_), row_(settings.environment, tick_form(settings)) {}

// An event is [version, type, body, state], everything else [version, type, body]. Further elements are ignored.
ProcessResult ErrorsProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  json_.open(message);
  uint8_t version = 0;
  JsonString type;
  const bool begun = json_.enter_array() && json_.next_element() && json_.read_unsigned(version) &&
                     json_.next_element() && json_.read_string(type) && json_.next_element();
  if (begun && version != kVersion) json_.fail("a version other than 2");
  const bool is_event = type.view == kInsert;
  if (!begun || !(is_event ? read_event() : read_replacement()) || json_.next_element() || json_.failed()) {
    json_.fail("expected [2, \"insert\", event, state] or [2, type, replacement]");
    return invalid_message(json_);
  }
  if (!is_event) {
    ProcessResult result;
    result.kind = ProcessResult::Kind::Record;
    result.code = "replacement";
    result.key = std::to_string(replaced_project_);
    result.text = *message.payload;
    return result;
  }
  const int64_t timestamp_s = std::max<int64_t>(message.timestamp_ms, 0) / 1000;
  row_.write(event_,
             {static_cast<uint16_t>(context.partition.value), static_cast<uint64_t>(message.offset.value), timestamp_s},
             rows);
  ProcessResult result = ProcessResult::rows(1);
  result.origin_timestamp_ms = origin_from_seconds(event_.received.value_or(0));
  return result;
}

bool ErrorsProcessor::read_event() {
  if (!reader_.read(event_)) return false;
  if (event_.type && event_.type->view == "transaction") return json_.fail("a transaction is not an error");
  return json_.next_element() && json_.check();  // the state is not used, but must exist
}

bool ErrorsProcessor::read_replacement() {
  StructReader fields(json_, kReplacement, Unknown::Check);
  while (fields.next() >= 0) {
    if (!json_.read_u64(replaced_project_)) return false;
  }
  return fields.complete();
}

}  // namespace freshet::processors
