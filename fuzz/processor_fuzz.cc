// All data sets. The input is the processor's name (optionally with " june" and " binary"), a line feed, and the
// message. No message may crash the processor, change bytes before its rows, or produce rows that are not JSON.
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "processors/registry.h"

namespace {

using namespace freshet;

Processor* processor_of(const std::string& line) {
  static RealClock clock;
  static Metrics metrics;
  static std::map<std::string, std::unique_ptr<Processor>> known;
  processors::ProcessorsSettings settings;
  settings.processor = line.substr(0, line.find(' '));
  settings.june = line.find(" june") != std::string::npos;
  settings.row_binary = line.find(" binary") != std::string::npos;
  const std::string name = settings.processor + (settings.june ? " june" : "") + (settings.row_binary ? " binary" : "");
  if (const auto found = known.find(name); found != known.end()) return found->second.get();
  const auto factory = processors::make_factory(settings, {&clock, &metrics});
  if (!factory) return nullptr;
  return (known[name] = (*factory)()).get();
}

size_t json_lines(std::string_view text) {
  size_t lines = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) std::abort();
    const std::string_view line = text.substr(0, end);
    const bool beyond_json =
        line.find("Infinity") != std::string_view::npos || line.find("NaN") != std::string_view::npos;
    if (!beyond_json && !nlohmann::json::accept(line)) std::abort();
    text.remove_prefix(end + 1);
    ++lines;
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string::npos || end > 64) return 0;
  Processor* const processor = processor_of(input.substr(0, end));
  if (processor == nullptr) return 0;
  const std::string payload = input.substr(end + 1);
  Message message;
  message.offset = Offset{1};
  message.timestamp_ms = 1'790'000'000'000;
  message.payload = payload;
  std::string rows = "before\n";
  const ProcessResult result = processor->process({"topic", Partition{0}}, message, rows);
  if (!rows.starts_with("before\n")) std::abort();
  if (result.kind != ProcessResult::Kind::Rows || processor->layout().format != RowFormat::JsonEachRow) return 0;
  if (json_lines(std::string_view(rows).substr(7)) != result.row_count && result.row_count != 0) std::abort();
  return 0;
}
