// Arbitrary text as a table engine with a SETTINGS clause, as a server writes it.
#include <cstdlib>
#include <string>

#include "clickhouse/clickhouse_client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  clickhouse::TableInfo info;
  info.engine = "MergeTree";
  info.engine_full = text;
  info.settings = clickhouse::parse_table_settings(text);
  for (const auto& [name, value] : info.settings) {
    if (name.size() + value.size() > size) std::abort();
  }
  (void)info.deduplicates();
  return 0;
}
