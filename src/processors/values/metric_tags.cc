#include "processors/values/metric_tags.h"

#include <charconv>

namespace freshet::processors {

bool parse_tag_key(std::string_view text, uint64_t& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stop == end;
}

bool read_metric_type(JsonReader& json, JsonString& out) {
  if (json.peek() != JsonKind::Object) return json.read_string(out);
  JsonString ignored;
  json.enter_object();
  if (!json.next_key(out)) return json.fail("expected a metric's type");
  if (!json.read_null()) return false;
  if (json.next_key(ignored)) return json.fail("expected a metric's type");
  return !json.failed();
}

}  // namespace freshet::processors
