// Arbitrary text as a table engine with a SETTINGS clause, as a server writes it.
#include <cstdlib>
#include <string>

#include "clickhouse/table_survey.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  clickhouse::ReachedTable table;
  table.engine = "MergeTree";
  table.settings = clickhouse::parse_table_settings(text);
  for (const auto& [name, value] : table.settings) {
    if (name.size() + value.size() > size) std::abort();
  }
  (void)clickhouse::TableSurvey().window(table);
  return 0;
}
