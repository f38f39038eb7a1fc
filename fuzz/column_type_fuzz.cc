// A column's type as a server writes it (first line) and a JSON value for it (the rest): any pair is judged or unknown.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "clickhouse/column_type.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  const std::string_view type = input.substr(0, end);
  const clickhouse::PlainType plain = clickhouse::plain_type(type);
  if (!plain.name.empty() &&
      (plain.name.data() < type.data() || plain.name.data() + plain.name.size() > type.data() + type.size())) {
    std::abort();
  }
  if (end == std::string_view::npos) return 0;
  const auto value = nlohmann::json::parse(input.substr(end + 1), nullptr, /*allow_exceptions=*/false);
  if (!value.is_discarded()) (void)clickhouse::trouble_with(type, value);
  return 0;
}
