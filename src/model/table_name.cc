#include "model/table_name.h"

#include <fmt/format.h>

namespace freshet {
namespace {

// Reads the part that starts at `at` and stops after it. False if it is empty or lacks the closing backquote.
bool read_part(std::string_view text, size_t& at, std::string& part) {
  if (at >= text.size() || text[at] != '`') {
    const size_t end = std::min(text.find_first_of(".`", at), text.size());
    part = text.substr(at, end - at);
    at = end;
    return !part.empty();
  }
  for (++at; at < text.size(); ++at) {
    const bool doubled = text[at] == '`' && at + 1 < text.size() && text[at + 1] == '`';
    const bool escaped = text[at] == '\\' && at + 1 < text.size();
    if (doubled || escaped) {
      ++at;
    } else if (text[at] == '`') {
      ++at;
      return !part.empty();
    }
    part.push_back(text[at]);
  }
  return false;
}

}  // namespace

Result<TableName> parse_table_name(std::string_view text) {
  TableName name;
  size_t at = 0;
  bool good = read_part(text, at, name.table);
  if (good && at < text.size() && text[at] == '.') {
    ++at;
    name.database = std::move(name.table);
    name.table.clear();
    good = read_part(text, at, name.table);
  }
  if (good && at == text.size()) return name;
  return failure(
      ErrorKind::Fatal,
      fmt::format("'{}' is not of the form TABLE or DB.TABLE; a name with a dot or a backquote in it stands in "
                  "backquotes, in which a backquote is doubled: DB.`a.b`",
                  text));
}

}  // namespace freshet
