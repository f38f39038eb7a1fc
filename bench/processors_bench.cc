// Measures each data set with its golden messages on one thread, with rows as JSONEachRow and in the types of its
// table. For comparison with the same bytes: simdjson's minify, and its parse into a DOM, which reads no value into a
// field and writes no row; for protobuf, skipping all fields of the message.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "processors/protobuf/trace_item.h"
#include "processors/registry.h"
#include "testkit/golden_cases.h"

namespace freshet {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = FRESHET_SOURCE_DIR;
// Snuba's recorded messages, if they are installed next to the project (golden_test.cc).
const fs::path kRecorded = kSource.parent_path() / "shared/conformance/processors";

// The tables of tests/e2e/tables.
const std::map<std::string, std::string> kTables = {{"EAPItemsProcessor", "eap_items"},
                                                    {"ErrorsProcessor", "errors"},
                                                    {"FunctionsMessageProcessor", "functions_raw"},
                                                    {"GroupAttributesMessageProcessor", "group_attributes"},
                                                    {"LlmProxyCostProcessor", "llm_proxy_cost_raw"},
                                                    {"OutcomesProcessor", "outcomes_raw"},
                                                    {"ProfileChunksProcessor", "profile_chunks"},
                                                    {"ProfilesMessageProcessor", "profiles"},
                                                    {"QuerylogProcessor", "querylog"},
                                                    {"ReplaysProcessor", "replays"},
                                                    {"PolymorphicMetricsProcessor", "metrics_raw"},
                                                    {"SearchIssuesMessageProcessor", "search_issues"},
                                                    {"TransactionsMessageProcessor", "transactions"}};

// From lines such as "  `name` UInt8 DEFAULT 1,".
TableColumns columns_of(const std::string& table) {
  TableColumns columns{.columns = {}, .null_as_default = true, .time_zone = "UTC", .skips_unknown_fields = true};
  std::ifstream file(kSource / "tests/e2e/tables" / (table + ".sql"));
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("  `")) continue;
    if (line.ends_with(',')) line.pop_back();
    const size_t name_end = line.find('`', 3);
    const std::string type = line.substr(name_end + 2);
    constexpr std::string_view kDefault = " DEFAULT ";
    const size_t type_end = type.find(kDefault);
    columns.columns.push_back({line.substr(3, name_end - 3), type.substr(0, type_end), false,
                               type_end == std::string::npos ? "" : type.substr(type_end + kDefault.size())});
  }
  return columns;
}

using Messages = std::vector<std::string>;

// The golden messages that result in rows.
Messages rows_of(std::vector<testkit::GoldenCase> cases) {
  Messages messages;
  for (auto& one : cases) {
    if (one.result == "rows" && !one.odd) messages.push_back(std::move(one.message));
  }
  return messages;
}

void report(benchmark::State& state, const std::vector<std::string>& messages) {
  size_t bytes = 0;
  for (const std::string& message : messages) bytes += message.size();
  const auto rounds = static_cast<int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * std::ssize(messages));
  state.SetBytesProcessed(rounds * static_cast<int64_t>(bytes));
  state.counters["bytes/message"] = static_cast<double>(bytes) / static_cast<double>(messages.size());
}

// `columns`: empty = rows are JSONEachRow.
void process(benchmark::State& state, const std::string& name, const Messages& messages, const TableColumns& columns) {
  RealClock clock;
  Metrics metrics;
  processors::ProcessorsSettings settings;
  settings.processor = name;
  if (name == "EAPItemsProcessor") settings.storage = "eap_items";
  const Snapshot<TableColumns> table(columns);
  const auto processor =
      (*processors::make_factory(settings, {&clock, &metrics, nullptr, Delivery::AtLeastOnce, &table}))();
  processor->begin_chunk({"topic", Partition{0}}, {});
  if (!columns.columns.empty() && processor->layout().types.empty()) state.SkipWithError("rows are JSONEachRow");
  std::string rows;
  for (auto _ : state) {
    rows.clear();
    for (const std::string& text : messages) {
      Message message;
      message.offset = Offset{1};
      message.timestamp_ms = 1'790'000'000'000;
      message.payload = text;
      benchmark::DoNotOptimize(processor->process({"topic", Partition{0}}, message, rows).row_count);
    }
  }
  report(state, messages);
}

void minify(benchmark::State& state, const Messages& messages) {
  std::string out(1 << 22, '\0');
  for (auto _ : state) {
    for (const std::string& text : messages) {
      size_t size = 0;
      benchmark::DoNotOptimize(simdjson::minify(text.data(), text.size(), out.data(), size));
    }
  }
  report(state, messages);
}

void parse(benchmark::State& state, const Messages& messages) {
  const std::vector<simdjson::padded_string> texts(messages.begin(), messages.end());
  simdjson::dom::parser parser;
  for (auto _ : state) {
    for (const simdjson::padded_string& text : texts) benchmark::DoNotOptimize(parser.parse(text).error());
  }
  report(state, messages);
}

// simdjson refuses NaN, lone surrogates and integers beyond 64 bits.
bool can_parse(const Messages& messages) {
  simdjson::dom::parser parser;
  return std::all_of(messages.begin(), messages.end(),
                     [&](const std::string& text) { return parser.parse(text).error() == simdjson::SUCCESS; });
}

void walk(benchmark::State& state, const Messages& messages) {
  processors::TraceItemDecoder decoder(false);
  processors::TraceItem item;
  for (auto _ : state) {
    for (const std::string& text : messages) {
      processors::ProtobufReader reader(text);
      benchmark::DoNotOptimize(decoder.decode(reader, item));
    }
  }
  report(state, messages);
}

// Registers CLASS/SET/process, CLASS/SET/typed and, for comparison, CLASS/SET/minify and parse, or CLASS/SET/walk.
void add(const std::string& name, const std::string& set, const Messages& messages) {
  const std::string begin = name + "/" + set + "/";
  benchmark::RegisterBenchmark((begin + "process").c_str(), process, name, messages, TableColumns());
  if (const auto table = kTables.find(name); table != kTables.end()) {
    benchmark::RegisterBenchmark((begin + "typed").c_str(), process, name, messages, columns_of(table->second));
  }
  if (name == "EAPItemsProcessor") {
    benchmark::RegisterBenchmark((begin + "walk").c_str(), walk, messages);
  } else {
    benchmark::RegisterBenchmark((begin + "minify").c_str(), minify, messages);
    if (can_parse(messages)) benchmark::RegisterBenchmark((begin + "parse").c_str(), parse, messages);
  }
}

const bool kRegistered = [] {
  for (const std::string& name : processors::names()) {
    if (name == "json") continue;
    add(name, "golden", rows_of(testkit::own_cases(kSource / "tests/golden" / name)));
    if (!fs::is_directory(kRecorded / name)) continue;
    add(name, "recorded", rows_of(testkit::recorded_examples(kRecorded / name)));
  }
  return true;
}();

}  // namespace
}  // namespace freshet
