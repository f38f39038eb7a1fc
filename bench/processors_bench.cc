// Each data set over its golden messages, one thread, beside the plain parse of the same bytes: simdjson's minify, for
// protobuf the bare walk of the message.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "processors/registry.h"
#include "processors/trace_item.h"
#include "testkit/golden_cases.h"

namespace freshet {
namespace {

namespace fs = std::filesystem;

// Messages that become rows.
std::vector<std::string> messages_of(const std::string& name) {
  std::vector<std::string> messages;
  for (auto& one : testkit::own_cases(fs::path(FRESHET_SOURCE_DIR) / "tests/golden" / name)) {
    if (one.verdict == "rows") messages.push_back(std::move(one.message));
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

void process(benchmark::State& state, const std::string& name) {
  RealClock clock;
  Metrics metrics;
  processors::ProcessorsSettings settings;
  settings.processor = name;
  if (name == "EAPItemsProcessor") settings.storage = "eap_items";
  const auto processor = (*processors::make_factory(settings, {&clock, &metrics}))();
  const auto messages = messages_of(name);
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

void parse(benchmark::State& state, const std::string& name) {
  const auto messages = messages_of(name);
  std::string out(1 << 22, '\0');
  for (auto _ : state) {
    for (const std::string& text : messages) {
      size_t size = 0;
      benchmark::DoNotOptimize(simdjson::minify(text.data(), text.size(), out.data(), size));
    }
  }
  report(state, messages);
}

void walk(benchmark::State& state, const std::string& name) {
  const auto messages = messages_of(name);
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

const bool kRegistered = [] {
  for (const std::string& name : processors::names()) {
    if (name == "json") continue;
    benchmark::RegisterBenchmark((name + "/process").c_str(), [name](benchmark::State& s) { process(s, name); });
    if (name == "EAPItemsProcessor") {
      benchmark::RegisterBenchmark((name + "/walk").c_str(), [name](benchmark::State& s) { walk(s, name); });
      continue;
    }
    benchmark::RegisterBenchmark((name + "/minify").c_str(), [name](benchmark::State& s) { parse(s, name); });
  }
  return true;
}();

}  // namespace
}  // namespace freshet
