// Suggests a table for rows: whatever their names and values, the statement has no control characters of theirs, and a
// line for each column.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "clickhouse/table_suggestion.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet::clickhouse;
  const std::string text(reinterpret_cast<const char*>(data), size);
  TableSuggester suggester;
  for (size_t begin = 0; begin < text.size();) {  // a row per line
    const size_t end = std::min(text.find('\n', begin), text.size());
    suggester.add(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  const TableSuggestion suggestion = suggester.suggest({.table = {"", "t"}, .source = "a topic"});
  size_t lines = 0;
  for (const char c : suggestion.statement) {
    if (c == '\n') ++lines;
    if ((c > '\0' && c < ' ' && c != '\n') || c == '\0') std::abort();
  }
  // Beside the columns: a comment, CREATE TABLE, two brackets, ENGINE, ORDER BY, SETTINGS and two comments.
  if (lines < suggestion.columns.size() + 9 || lines > suggestion.columns.size() + 11) std::abort();
  return 0;
}
