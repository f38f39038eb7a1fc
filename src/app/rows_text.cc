#include "app/rows_text.h"

#include <algorithm>

#include "app/base64.h"

namespace freshet::app {

std::vector<std::string_view> split_rows(std::string_view rows) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    const char c = rows[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (depth++ == 0) begin = i;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) out.push_back(rows.substr(begin, i + 1 - begin));
    }
  }
  return out;
}

std::string rows_as_json_array(const RowLayout& layout, std::string_view rows) {
  if (layout.format != RowFormat::JsonEachRow) return "[\"" + to_base64(rows) + "\"]";
  std::string out = "[";
  for (const std::string_view row : split_rows(rows)) {
    if (out.size() > 1) out += ',';
    out += row;
  }
  // Line feeds occur only between tokens (a JSON string contains none), so blanks are equivalent.
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out + "]";
}

}  // namespace freshet::app
