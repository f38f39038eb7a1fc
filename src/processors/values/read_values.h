// Reads values of common types (docs/snuba-data-sets.md, 3), and results that all processors share.
#pragma once

#include <cstdint>
#include <optional>

#include "ports/processor.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"
#include "processors/values/generated_values.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

inline bool read_value(JsonReader& json, uint64_t& out) { return json.read_u64(out); }
inline bool read_value(JsonReader& json, uint32_t& out) { return json.read_unsigned(out); }
inline bool read_value(JsonReader& json, uint16_t& out) { return json.read_unsigned(out); }
inline bool read_value(JsonReader& json, uint8_t& out) { return json.read_unsigned(out); }
inline bool read_value(JsonReader& json, int64_t& out) { return json.read_i64(out); }
inline bool read_value(JsonReader& json, double& out) { return json.read_f64(out); }
inline bool read_value(JsonReader& json, bool& out) { return json.read_bool(out); }
inline bool read_value(JsonReader& json, JsonString& out) { return json.read_string(out); }
bool read_value(JsonReader& json, Uuid& out);

// T or null.
template <typename T>
bool read_optional(JsonReader& json, std::optional<T>& out) {
  out.reset();
  if (json.consume_null()) return true;
  return !json.failed() && read_value(json, out.emplace());
}

// Reads a time as epoch seconds (the low 32 bits). Text that is not a time results in the current time.
bool read_date_time(JsonReader& json, const GeneratedValues& values, uint32_t& out);

TickForm tick_form(const ProcessorsSettings& settings);

// The result for a message without payload, which is invalid in Snuba's data sets.
ProcessResult null_payload();
// The result for an invalid message, with the reader's error.
ProcessResult invalid_message(const JsonReader& json);

}  // namespace freshet::processors
