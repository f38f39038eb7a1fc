#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "processors/data_sets/json/json_processor.h"
#include "testkit/web_events.h"

namespace freshet {
namespace {

void check_web_event(benchmark::State& state) {
  testkit::WebEvents events(1, static_cast<size_t>(state.range(0)));
  const std::string text = events.valid(1, 1'790'000'000'000);
  processors::JsonSyntax syntax;
  for (auto _ : state) benchmark::DoNotOptimize(syntax.check(text).objects);
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(check_web_event)->Arg(400)->Arg(750)->Arg(10'000);

// The columns of a table of web events.
TableColumns web_event_columns() {
  TableColumns table{{}, true, "UTC", true, true};
  for (std::string_view left = testkit::kWebEventColumns; !left.empty();) {
    const size_t end = std::min(left.find(", "), left.size());
    const std::string_view column = left.substr(0, end);
    const size_t space = column.find(' ');
    table.columns.push_back({std::string(column.substr(0, space)), std::string(column.substr(space + 1))});
    left.remove_prefix(std::min(end + 2, left.size()));
  }
  return table;
}

// Many events, so that the branches of one message are not learned.
void process_web_events(benchmark::State& state, const Snapshot<TableColumns>* table) {
  constexpr size_t kEvents = 1000;
  testkit::WebEvents events(1, 700);
  std::vector<std::string> texts;
  for (size_t i = 0; i < kEvents; ++i)
    texts.push_back(events.valid(i, 1'790'000'000'000) + std::string(Message::kPadding, '\0'));
  processors::JsonProcessor processor({}, table);
  const MessageContext context{"events", Partition{0}};
  processor.begin_chunk(context, {});
  std::string rows;
  size_t json = 0;
  for (auto _ : state) {
    rows.clear();
    for (const std::string& text : texts) {
      Message message;
      message.payload = std::string_view(text).substr(0, text.size() - Message::kPadding);
      message.padded = true;
      json += processor.process(context, message, rows).json_each_row ? 1 : 0;
    }
  }
  if (json > 0) state.SkipWithError("a web event has no exact form");
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kEvents));
  state.counters["row_bytes"] = static_cast<double>(rows.size()) / kEvents;
}
void web_events_as_json(benchmark::State& state) { process_web_events(state, nullptr); }
void web_events_typed(benchmark::State& state) {
  const Snapshot<TableColumns> table(web_event_columns());
  process_web_events(state, &table);
}
BENCHMARK(web_events_as_json);
BENCHMARK(web_events_typed);

}  // namespace
}  // namespace freshet
