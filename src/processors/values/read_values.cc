#include "processors/values/read_values.h"

#include "processors/values/date_time.h"

namespace freshet::processors {

bool read_value(JsonReader& json, Uuid& out) {
  if (const char* const text = json.peek_text(Uuid::kDigits); text != nullptr && read_hex(text, out.bytes.data())) {
    json.take_text(Uuid::kDigits);
    return true;
  }
  JsonString text;
  if (!json.read_string(text)) return false;
  const auto uuid = Uuid::parse(text.view);
  if (!uuid) return json.fail("expected a UUID");
  out = *uuid;
  return true;
}

bool read_date_time(JsonReader& json, const GeneratedValues& values, uint32_t& out) {
  JsonString text;
  if (!json.read_string(text)) return false;
  const auto instant = parse_date_time(text.view);
  out = static_cast<uint32_t>(instant ? instant->seconds : values.now_seconds());
  return true;
}

TickForm tick_form(const ProcessorsSettings& settings) {
  return settings.reference_ticks ? TickForm::Ticks : TickForm::SecondsAndFraction;
}

ProcessResult null_payload() { return ProcessResult::invalid("null_payload", "the message has no payload"); }

ProcessResult invalid_message(const JsonReader& json) {
  return ProcessResult::invalid("invalid_message", json.error_text());
}

}  // namespace freshet::processors
