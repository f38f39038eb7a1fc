// Exactly once, a message becomes the same bytes and gets the same verdict in every process: each data set reads every
// message with known rows in two processors, years apart and in opposite order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "processors/registry.h"
#include "testkit/fake_clock.h"
#include "testkit/golden_cases.h"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using testkit::GoldenCase;

const fs::path kSource = FRESHET_SOURCE_DIR;
const fs::path kOwn = kSource / "tests/golden";
const fs::path kRecorded = kSource.parent_path() / "shared/conformance";

// Within the retention of most messages, and beyond that of all.
constexpr SystemTime kThen{std::chrono::sys_days(std::chrono::year(2025) / 6 / 15) + std::chrono::hours(20)};
constexpr SystemTime kLater{std::chrono::sys_days(std::chrono::year(2100) / 2 / 3) + std::chrono::hours(9)};

// Settings and live options that change rows.
struct Variant {
  std::string name;
  bool june = false;
  bool row_binary = false;
  std::string storage = {};  // empty: that of the case
};

// Whose messages the data set gets.
std::string folder_of(const std::string& name) {
  if (name == "AcceptedOutcomes") return "EAPItemsProcessor";
  return name == "json" ? "GroupAttributesMessageProcessor" : name;
}

std::vector<GoldenCase> cases_of(const std::string& folder) {
  std::vector<GoldenCase> cases = testkit::own_cases(kOwn / folder);
  const auto add = [&](std::vector<GoldenCase> more) {
    std::move(more.begin(), more.end(), std::back_inserter(cases));
  };
  if (const fs::path path = kRecorded / "processors" / folder; fs::is_directory(path)) {
    add(testkit::recorded_examples(path));
  }
  if (const fs::path path = kRecorded / "mutated" / (folder + ".jsonl.gz"); fs::exists(path)) {
    add(testkit::mutated_cases(path, folder == "EAPItemsProcessor" ? "eap_items" : ""));
  }
  // Without a broker timestamp.
  std::vector<GoldenCase> untimed = cases;
  for (GoldenCase& one : untimed) one.timestamp_ms = -1;
  add(std::move(untimed));
  return cases;
}

std::string shown(const ProcessResult& result, const RowLayout& layout, std::string_view rows) {
  return fmt::format("{} {} {} {} {} {} columns: {}", static_cast<int>(result.kind), result.code, result.text,
                     result.key, result.row_count, layout.columns.size(), rows);
}

// The process at `now`: the results of the messages, by index.
class OneProcess {
 public:
  OneProcess(std::string name, Variant variant, Delivery delivery, SystemTime now)
      : name_(std::move(name)), variant_(std::move(variant)), delivery_(delivery) {
    clock_.set_system(now);
    LiveOptions options;
    options.processors.eap_dlq_grace_period_min = 60;
    options.processors.eap_drop_invalid_timestamps = true;
    options.processors.eap_emit_received_at = variant_.row_binary;
    live_.set(options);
  }

  std::string process(const GoldenCase& one) {
    Message message;
    message.offset = Offset{one.offset};
    message.timestamp_ms = one.timestamp_ms;
    message.payload = one.message;
    Processor& processor = processor_for(variant_.storage.empty() ? one.storage : variant_.storage);
    const MessageContext context{"topic", Partition{one.partition}};
    std::string rows;
    processor.begin_chunk(context, {&message, 1});
    const ProcessResult result = processor.process(context, message, rows);
    clock_.advance(std::chrono::milliseconds(7));
    return shown(result, processor.layout(), rows);
  }

 private:
  Processor& processor_for(const std::string& storage) {
    auto& processor = by_storage_[storage];
    if (!processor) {
      processors::ProcessorsSettings settings;
      settings.processor = name_;
      settings.storage = storage;
      settings.june = variant_.june;
      settings.row_binary = variant_.row_binary;
      settings.json.timestamp_column = "timestamp";
      settings.json.offset_column = "offset";
      processor = (*processors::make_factory(settings, {&clock_, &metrics_, &live_, delivery_}))();
    }
    return *processor;
  }

  const std::string name_;
  const Variant variant_;
  const Delivery delivery_;
  testkit::FakeClock clock_;
  Metrics metrics_;
  Snapshot<LiveOptions> live_{LiveOptions()};
  std::map<std::string, std::unique_ptr<Processor>> by_storage_;
};

// The names of the cases whose results differ.
std::vector<std::string> differing(const std::string& name, const Variant& variant, Delivery delivery,
                                   const std::vector<GoldenCase>& cases) {
  OneProcess then(name, variant, delivery, kThen);
  OneProcess later(name, variant, delivery, kLater);
  std::vector<std::string> before(cases.size());
  for (size_t i = 0; i < cases.size(); ++i) before[i] = then.process(cases[i]);
  std::vector<std::string> differ;
  for (size_t i = cases.size(); i-- > 0;) {
    if (const std::string after = later.process(cases[i]); after != before[i]) {
      differ.push_back(fmt::format("{} at {}: {}\n{}", cases[i].name, cases[i].timestamp_ms, before[i], after));
    }
  }
  return differ;
}

std::vector<Variant> variants_of(const std::string& name) {
  std::vector<Variant> variants = {{"as it is"}, {.name = "older Snuba", .june = true}};
  if (name == "EAPItemsProcessor") {
    variants.push_back({.name = "RowBinary", .row_binary = true});
    variants.push_back({.name = "a storage with weeks", .storage = "eap_items"});
  }
  return variants;
}

class SameRows : public testing::TestWithParam<std::string> {};

TEST_P(SameRows, InEveryProcessExactlyOnce) {
  const std::vector<GoldenCase> cases = cases_of(folder_of(GetParam()));
  for (const Variant& variant : variants_of(GetParam())) {
    const auto differ = differing(GetParam(), variant, Delivery::ExactlyOnce, cases);
    EXPECT_TRUE(differ.empty()) << variant.name << ": " << differ.size() << " of " << cases.size() << " messages, as "
                                << differ.front().substr(0, 4000);
  }
}

// Otherwise the test above would show nothing: these data sets need the current time, or ids of their own.
TEST_P(SameRows, OnlyExactlyOnceIfTheDataSetNeedsTheTimeOrAnId) {
  const std::set<std::string> needy = {"AcceptedOutcomes",
                                       "EAPItemsProcessor",
                                       "ErrorsProcessor",
                                       "OutcomesProcessor",
                                       "LlmProxyCostProcessor",
                                       "ReplaysProcessor",
                                       "SearchIssuesMessageProcessor",
                                       "TransactionsMessageProcessor"};
  const std::vector<GoldenCase> cases = cases_of(folder_of(GetParam()));
  size_t differ = 0;
  for (const Variant& variant : variants_of(GetParam())) {
    differ += differing(GetParam(), variant, Delivery::AtLeastOnce, cases).size();
  }
  EXPECT_EQ(differ > 0, needy.contains(GetParam())) << differ << " results";
}

std::vector<std::string> data_sets() {
  std::vector<std::string> names = processors::names();
  names.push_back("AcceptedOutcomes");
  return names;
}
INSTANTIATE_TEST_SUITE_P(Golden, SameRows, testing::ValuesIn(data_sets()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace freshet
