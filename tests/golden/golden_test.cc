// Every data set over every message with known rows: the project's own cases, and Snuba's recorded messages if they are
// installed beside the project (README.md).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <new>
#include <optional>

#include "base/allocation_limit.h"
#include "processors/registry.h"
#include "testkit/golden_cases.h"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using testkit::GoldenCase;

const fs::path kSource = FRESHET_SOURCE_DIR;
const fs::path kOwn = kSource / "tests/golden";
const fs::path kRecorded = kSource.parent_path() / "shared/conformance";

class OneProcessor {
 public:
  OneProcessor(std::string name, std::string storage) {
    settings_.processor = std::move(name);
    settings_.storage = std::move(storage);
    settings_.reference_ticks = true;
    processor_ = (*processors::make_factory(settings_, {&clock_, &metrics_}))();
  }

  // Empty, or the error.
  std::string check(const GoldenCase& one) {
    Message message;
    message.offset = Offset{one.offset};
    message.timestamp_ms = one.timestamp_ms;
    message.payload = one.message;
    std::string rows = "what stands before\n";
    const size_t begin = rows.size();
    const MessageContext context{"topic", Partition{one.partition}};
    processor_->begin_chunk(context, {&message, 1});
    if (memory_) try_within(*memory_, context, message);
    const ProcessResult result = processor_->process(context, message, rows);
    const std::string text = rows.substr(begin);
    if (rows.compare(0, begin, "what stands before\n") != 0) return "it touched what stood before";
    switch (result.kind) {
      case ProcessResult::Kind::Invalid:
        return one.result == "invalid" ? "" : "invalid: " + result.text;
      case ProcessResult::Kind::Record:
        if (one.result != "replacement") return "a replacement";
        return result.key == one.key ? "" : "its key is " + result.key;
      case ProcessResult::Kind::Skip:
        return one.result == "skip" || (one.result == "rows" && one.rows.empty()) ? "" : "skipped";
      case ProcessResult::Kind::Rows:
        break;
    }
    if (one.result != "rows") return "rows: " + text;
    const auto found = testkit::parse_rows(text);
    if (found.size() != result.row_count)
      return fmt::format("{} rows are said to be {}", found.size(), result.row_count);
    return testkit::difference(one.rows.is_null() ? nlohmann::json::array() : one.rows, found);
  }

  // Before each message, the processor gets the message with this limit on its memory.
  void try_first_within(uint64_t memory) { memory_ = memory; }

 private:
  void try_within(uint64_t memory, const MessageContext& context, const Message& message) {
    std::string rows;
    const AllocationLimit limit(memory);
    try {
      (void)processor_->process(context, message, rows);
    } catch (const std::bad_alloc&) {
    }
  }

  std::optional<uint64_t> memory_;
  RealClock clock_;
  Metrics metrics_;
  processors::ProcessorsSettings settings_;
  std::unique_ptr<Processor> processor_;
};

void expect_all(const std::string& name, const std::vector<GoldenCase>& cases) {
  ASSERT_FALSE(cases.empty());
  std::map<std::string, std::unique_ptr<OneProcessor>> by_storage;
  for (const GoldenCase& one : cases) {
    auto& processor = by_storage[one.storage];
    if (!processor) processor = std::make_unique<OneProcessor>(name, one.storage);
    const std::string wrong = processor->check(one);
    EXPECT_TRUE(wrong.empty()) << name << ", " << one.name << ": " << wrong << "\n" << one.message.substr(0, 2000);
  }
}

std::vector<std::string> folders(const fs::path& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  return names;
}

class OwnCases : public testing::TestWithParam<std::string> {};

TEST_P(OwnCases, BecomeTheirRows) { expect_all(GetParam(), testkit::own_cases(kOwn / GetParam())); }

// If memory ends at any point, the next attempt gives the complete result.
TEST_P(OwnCases, BecomeTheirRowsAlsoAfterMemoryWasScarce) {
  for (const GoldenCase& one : testkit::own_cases(kOwn / GetParam())) {
    for (uint64_t memory = 0; memory < 200'000; memory += 20 + memory / 4) {
      OneProcessor processor(GetParam(), one.storage);
      processor.try_first_within(memory);
      const std::string wrong = processor.check(one);
      EXPECT_TRUE(wrong.empty()) << one.name << " with " << memory << " bytes: " << wrong;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Golden, OwnCases, testing::ValuesIn(folders(kOwn)), [](const auto& one) { return one.param; });

TEST(GoldenTest, EveryDataSetHasCasesOfItsOwn) {
  for (const std::string& name : processors::names()) {
    EXPECT_TRUE(name == "json" || fs::is_directory(kOwn / name)) << name;
  }
}

class RecordedCases : public testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RecordedCases);

TEST_P(RecordedCases, ExamplesBecomeTheirRows) {
  expect_all(GetParam(), testkit::recorded_examples(kRecorded / "processors" / GetParam()));
}

TEST_P(RecordedCases, MutatedMessagesGetTheirVerdictsAndRows) {
  const std::string storage = GetParam() == "EAPItemsProcessor" ? "eap_items" : "";
  expect_all(GetParam(), testkit::mutated_cases(kRecorded / "mutated" / (GetParam() + ".jsonl.gz"), storage));
}

// If the recorded messages are not installed, this suite is empty; the project's own cases always run.
std::vector<std::string> recorded() {
  if (!fs::is_directory(kRecorded / "processors")) return {};
  std::vector<std::string> names = folders(kRecorded / "processors");
  const auto known = processors::names();
  std::erase_if(names,
                [&](const std::string& name) { return std::find(known.begin(), known.end(), name) == known.end(); });
  return names;
}
INSTANTIATE_TEST_SUITE_P(Golden, RecordedCases, testing::ValuesIn(recorded()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace freshet
