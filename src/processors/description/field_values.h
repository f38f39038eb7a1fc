// Reads the value of a field by the type of the member that takes it.
#pragma once

#include <cstdint>
#include <optional>

#include "processors/description/list.h"
#include "processors/formats/row_values.h"
#include "processors/json/json_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/generated_values.h"
#include "processors/values/ip_address.h"
#include "processors/values/read_values.h"

namespace freshet::processors {

// What reading a field may use. Threads: one.
struct ReadContext {
  JsonReader& json;
  const GeneratedValues& values;
};

// A number of which only the integer part is used.
struct Truncated {
  double value = 0;
};

template <typename T>
bool read_field(ReadContext& in, T& out) {
  return read_value(in.json, out);
}
// A time as text; the low 32 bits of its seconds. Text that is not a time results in the current time.
inline bool read_field(ReadContext& in, Seconds& out) { return read_date_time(in.json, in.values, out.value); }
inline bool read_field(ReadContext& in, Truncated& out) { return in.json.read_f64_to_truncate(out.value); }
// A time as a number of seconds.
inline bool read_field(ReadContext& in, Ticks<6, uint64_t>& out) {
  double seconds = 0;
  if (!in.json.read_f64_to_truncate(seconds)) return false;
  out.value = microseconds(seconds);
  return true;
}
// For times as a number of seconds.
inline bool read_seconds(ReadContext& in, Seconds& out) {
  double seconds = 0;
  if (!in.json.read_f64_to_truncate(seconds)) return false;
  out.value = to_u32(seconds);
  return true;
}
// Null, or a value.
template <typename T>
bool read_field(ReadContext& in, std::optional<T>& out) {
  out.reset();
  if (in.json.consume_null()) return true;
  return !in.json.failed() && read_field(in, out.emplace());
}
// Null or text; text that is no address is none.
inline bool read_field(ReadContext& in, std::optional<IpAddress>& out) {
  JsonString text;
  if (!in.json.consume_null() && !in.json.read_string(text)) return false;
  out = IpAddress::parse(text.view);
  return true;
}
// An array; `read_element` reads one element.
template <typename In, typename T, typename ReadElement>
bool read_list(In& in, List<T>& out, const ReadElement& read_element) {
  out.clear();
  for (in.json.enter_array(); in.json.next_element();) {
    if (!read_element(in, out.add())) return false;
  }
  return !in.json.failed();
}
template <typename T>
bool read_field(ReadContext& in, List<T>& out) {
  return read_list(in, out, [](ReadContext& context, T& element) { return read_field(context, element); });
}
inline bool read_field(ReadContext& in, List<JsonString>& out) {
  out.clear();
  return in.json.read_strings([&out]() -> JsonString& { return out.add(); });
}

}  // namespace freshet::processors
