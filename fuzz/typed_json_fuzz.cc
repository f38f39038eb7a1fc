// The generic JSON processor with the columns of a table. The first line has the columns (`name type`, separated by
// '|'; `name type=expression` has a DEFAULT), the rest is the message. It is judged as without a table. Typed rows are
// rows of the table's types, and the same rows as JSON objects become the same bytes.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "columns/json_rows.h"
#include "columns/native_block.h"
#include "processors/data_sets/json/json_processor.h"

namespace {

using namespace freshet;
using processors::JsonProcessor;

TableColumns columns_of(std::string_view line) {
  TableColumns table{{}, true, "UTC", true, true};
  while (!line.empty() && table.columns.size() < 16) {
    const std::string_view column = line.substr(0, line.find('|'));
    line.remove_prefix(std::min(column.size() + 1, line.size()));
    const size_t space = std::min(column.find(' '), column.size());
    const size_t equals = std::min(column.find('=', space), column.size());
    TableColumn one{std::string(column.substr(0, space)), {}, false, {}};
    if (space < equals) one.type = column.substr(space + 1, equals - space - 1);
    if (equals < column.size()) one.default_expression = column.substr(equals + 1);
    table.columns.push_back(std::move(one));
  }
  return table;
}

ProcessResult process(JsonProcessor& processor, std::string_view payload, std::string& rows) {
  Message message;
  message.payload = payload;
  const MessageContext context{"topic", Partition{0}};
  processor.begin_chunk(context, {});
  return processor.process(context, message, rows);
}

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string::npos || end > 1000) return 0;
  const std::string payload = input.substr(end + 1);
  const Snapshot<TableColumns> table(columns_of(input.substr(0, end)));
  JsonProcessor plain({});
  const RealClock clock;
  JsonProcessor typed({}, &table, std::make_shared<processors::WantedColumns>(clock));
  std::string json;
  std::string rows;
  const ProcessResult as_json = process(plain, payload, json);
  const ProcessResult result = process(typed, payload, rows);
  check(result.kind == as_json.kind && result.row_count == as_json.row_count && result.text == as_json.text);
  if (result.kind != ProcessResult::Kind::Rows) return 0;
  const bool is_typed = typed.layout().format == RowFormat::Native && !result.json_each_row;
  if (!is_typed) {
    check(rows == json);
    return 0;
  }
  const RowLayout layout = typed.layout();
  auto block = columns::NativeBlock::create(layout.columns, layout.types);
  auto lines = columns::JsonRows::create(layout.columns, layout.types);
  check(block && lines && block->encode({rows}, result.row_count));
  std::string text;
  const auto count = lines->append(rows, text);
  check(count && *count == result.row_count);
  std::string again;
  const ProcessResult second = process(typed, text, again);
  // Not the names of columns that are not UTF-8 or need escapes.
  if (second.kind == ProcessResult::Kind::Rows && !second.json_each_row) check(again == rows);
  return 0;
}
