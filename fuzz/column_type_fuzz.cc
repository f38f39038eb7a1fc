// The first line is a column type as a server writes it, the rest a JSON value. The check must not crash, and no part
// of a parsed type may be outside its text.
#include <cstdlib>
#include <string>

#include "clickhouse/column_type.h"
#include "columns/type_name.h"

namespace {

void check_within(std::string_view part, std::string_view text) {
  if (part.empty()) return;
  if (part.data() < text.data() || part.data() + part.size() > text.data() + text.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  const std::string_view type = input.substr(0, end);
  check_within(columns::plain_type(type).name, type);
  const columns::TypeParts parts = columns::parts_of(type);
  check_within(parts.name, type);
  for (const std::string_view argument : parts.arguments) {
    check_within(argument, type);
    const auto [name, element] = columns::named_element(argument);
    check_within(name, argument);
    check_within(element, argument);
  }
  if (end == std::string_view::npos) return 0;
  const auto value = clickhouse::JsonValue::parse(input.substr(end + 1));
  if (!value) return 0;
  clickhouse::Mismatches mismatches;
  clickhouse::add_mismatches(type, *value, mismatches);
  if (value->shown(20).size() > 200) std::abort();
  return 0;
}
