#include "messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "app/base64.h"
#include "app/process_command.h"
#include "app/processor_factory.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "composition.h"
#include "model/options.h"
#include "testkit/golden_cases.h"

namespace freshet::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testkit::GoldenCase;

constexpr int64_t kFirstTimestamp = 1'715'933'360'123;

// Copies placeholders from the case for values that cannot be known in advance.
json with_placeholders(json found, const json& expected) {
  if (expected.is_string()) {
    const auto& text = expected.get_ref<const std::string&>();
    return text == "NOW" || (text.size() > 2 && text.front() == '<' && text.back() == '>') ? expected : found;
  }
  if (expected.is_array() && found.is_array() && expected.size() == found.size()) {
    for (size_t i = 0; i < expected.size(); ++i) found[i] = with_placeholders(found[i], expected[i]);
  }
  if (expected.is_object() && found.is_object()) {
    for (auto& [key, value] : found.items()) {
      if (expected.contains(key)) value = with_placeholders(value, expected.at(key));
    }
  }
  return found;
}

class Process {
 public:
  Process(const std::string& processor, const std::string& storage) : storage_(storage) {
    processors::ProcessorsSettings settings;
    settings.processor = processor;
    settings.storage = storage;
    settings.reference_ticks = true;
    factory_ = *app::processor_factory(settings, {&clock_, &metrics_, &live_}, null_log());
  }

  void run(Sent& sent) {
    const auto& value = sent.record.value;
    json input = {{"message", value ? json(app::to_base64(*value)) : json()},
                  {"partition", sent.record.partition},
                  {"offset", sent.record.offset},
                  {"timestamp_ms", sent.record.timestamp_ms},
                  {"storage", storage_}};
    const std::string line = runner_.run(input.dump());
    // The rows of a case may contain text that is not JSON (a bare Infinity), so they are cut out before the rest is
    // parsed.
    constexpr std::string_view kRows = R"({"result":"rows","rows":)";
    if (line.starts_with(kRows)) {
      sent.result = "rows";
      sent.rows = testkit::parse_rows(line.substr(kRows.size(), line.size() - kRows.size() - 1)).at(0);
      return;
    }
    const json answer = json::parse(line);
    if (answer.contains("error")) throw std::runtime_error(sent.name + ": " + line);
    sent.result = answer.at("result");
    sent.key = answer.value("key", "");
    sent.rows = json::array();
  }

 private:
  RealClock clock_;
  Metrics metrics_;
  Snapshot<LiveOptions> live_{LiveOptions()};  // as in a running consumer, which refuses slightly more
  const std::string storage_;
  ProcessorFactory factory_;
  app::CaseRunner runner_{[this](const std::string&) { return factory_(); }, "topic"};
};

std::vector<GoldenCase> cases_of(const std::string& processor) {
  const fs::path source = FRESHET_SOURCE_DIR;
  std::vector<GoldenCase> cases = testkit::own_cases(source / "tests/golden" / processor);
  const fs::path recorded = source.parent_path() / "shared/conformance/processors" / processor;
  if (fs::is_directory(recorded)) {
    for (GoldenCase& one : testkit::recorded_examples(recorded)) cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace

std::vector<Sent> messages_for(const std::string& name) {
  const Storage& s = storage(name);
  Process process(s.processor, name);
  std::vector<Sent> all;
  std::array<int64_t, kPartitions> next{};
  const auto add = [&](const std::string& case_name, std::optional<std::string> value, const json& expected,
                       std::optional<int32_t> partition = {}) {
    Sent sent;
    sent.name = case_name;
    sent.record.partition = partition.value_or(static_cast<int32_t>(all.size() % kPartitions));
    sent.record.offset = next[static_cast<size_t>(sent.record.partition)]++;
    sent.record.value = std::move(value);
    if (all.size() % 3 == 0) sent.record.key = fmt::format("key {}", all.size());
    if (all.size() % 4 == 0) sent.record.headers = {{"trace", "abc"}, {"original_offset", "7"}};
    sent.record.timestamp_ms = kFirstTimestamp + static_cast<int64_t>(all.size()) * 7;
    process.run(sent);
    sent.rows = with_placeholders(std::move(sent.rows), expected);
    all.push_back(std::move(sent));
  };
  const auto cases = cases_of(s.processor);
  for (const GoldenCase& one : cases) add(one.name, one.message, one.rows);
  add("no JSON", "no JSON at all", {});
  add("bytes", std::string("\x00\xff\xfe{\x80", 5), {});
  add("cut off", R"({"org_id": 1, "project_id)", {});
  add("nothing", "", {});
  add("null", std::nullopt, {});
  const auto with_rows = std::find_if(cases.begin(), cases.end(),
                                      [](const GoldenCase& one) { return one.result == "rows" && !one.rows.empty(); });
  if (with_rows == cases.end()) throw std::runtime_error("no case of " + name + " becomes rows");
  for (int32_t p = 0; p < kPartitions; ++p) add("last", with_rows->message, with_rows->rows, p);
  return all;
}

}  // namespace freshet::e2e
