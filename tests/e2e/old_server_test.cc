// The golden cases on Debian's old server, for rows whose types it supports: written and read back.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/clock.h"
#include "base/metrics.h"
#include "composition.h"
#include "processors/registry.h"
#include "stored_rows.h"
#include "testkit/golden_cases.h"

namespace freshet {
namespace {

using nlohmann::json;

class GoldenRows {
 public:
  explicit GoldenRows(const std::string& name) : name_(name) {}

  // The rows of one message; empty if it has none. `reference`: with DateTime64 as ticks.
  std::string of(const testkit::GoldenCase& one, bool reference) {
    processors::ProcessorsSettings settings;
    settings.processor = name_;
    settings.reference_ticks = reference;
    const auto processor = (*processors::make_factory(settings, {&clock_, &metrics_}))();
    Message message;
    message.offset = Offset{one.offset};
    message.timestamp_ms = one.timestamp_ms;
    message.payload = one.message;
    std::string rows;
    const ProcessResult result = processor->process({"topic", Partition{one.partition}}, message, rows);
    return result.kind == ProcessResult::Kind::Rows ? rows : "";
  }

 private:
  const std::string name_;
  RealClock clock_;
  Metrics metrics_;
};

// The old server has no default for null; unset values and values beyond a type cannot be compared.
bool comparable(const json& row, const e2e::Columns& columns) {
  json known = row;
  for (const auto& [name, type] : columns) {
    // DateTime64 of a current server: see same().
    if (type.find("String") != std::string::npos && row.contains(name) && row.at(name).is_number()) known.erase(name);
  }
  if (e2e::beyond_the_types(known, columns)) return false;
  return std::all_of(row.items().begin(), row.items().end(), [&](const auto& item) {
    const auto column = columns.find(item.key());
    return column == columns.end() || !item.value().is_null() || column->second.find("Nullable") != std::string::npos;
  });
}

// The old server quotes 64-bit integers and stores a DateTime64 as the text that was sent.
bool same(const json& expected, const json& stored) {
  if (expected.is_array() && stored.is_array()) {
    return std::equal(expected.begin(), expected.end(), stored.begin(), stored.end(), same);
  }
  if (!expected.is_number_integer() || !stored.is_string()) return testkit::difference(expected, stored).empty();
  std::string digits = stored.get<std::string>();
  std::erase(digits, '.');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return digits == expected.dump();
}

struct Stored {
  const char* storage;
  const char* table;
  const char* processor;
};

class OldServerTest : public testing::TestWithParam<Stored> {};

TEST_P(OldServerTest, HoldsTheRowsThatWereWritten) {
  const testkit::OldClickHouse server;
  server.query(e2e::table_definition(GetParam().storage, true));
  const auto columns = e2e::columns_of(server, GetParam().table);
  GoldenRows rows(GetParam().processor);
  std::vector<json> expected;
  for (const auto& one :
       testkit::own_cases(std::string(FRESHET_SOURCE_DIR) + "/tests/golden/" + GetParam().processor)) {
    const json ticks = testkit::parse_rows(rows.of(one, true));
    if (ticks.empty() ||
        !std::all_of(ticks.begin(), ticks.end(), [&](const json& row) { return comparable(row, columns); }))
      continue;
    server.query(fmt::format("INSERT INTO {} FORMAT JSONEachRow\n{}", GetParam().table, rows.of(one, false)));
    for (const json& row : ticks) expected.push_back(e2e::as_stored(row, columns));
  }
  ASSERT_FALSE(expected.empty());
  std::vector<json> stored = e2e::read_rows(server, GetParam().table, columns);
  for (const json& row : expected) {
    const auto found = std::find_if(stored.begin(), stored.end(), [&](const json& one) {
      return std::all_of(row.items().begin(), row.items().end(),
                         [&](const auto& item) { return same(item.value(), one.at(item.key())); });
    });
    ASSERT_NE(found, stored.end()) << row.dump() << "\nis none of " << json(stored).dump();
    stored.erase(found);
  }
  EXPECT_TRUE(stored.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Storages, OldServerTest,
    testing::Values(
        Stored{"outcomes_raw", "outcomes_raw_local", "OutcomesProcessor"},
        Stored{"functions_raw", "functions_raw_local", "FunctionsMessageProcessor"},
        Stored{"profiles", "profiles_local", "ProfilesMessageProcessor"},
        Stored{"profile_chunks", "profile_chunks_local", "ProfileChunksProcessor"},
        Stored{"llm_proxy_cost_raw", "llm_proxy_cost_raw_local", "LlmProxyCostProcessor"},
        Stored{"generic_metrics_counters_raw", "generic_metric_counters_raw_local", "GenericCountersMetricsProcessor"},
        Stored{"generic_metrics_sets_raw", "generic_metric_sets_raw_local", "GenericSetsMetricsProcessor"},
        Stored{"generic_metrics_distributions_raw", "generic_metric_distributions_raw_local",
               "GenericDistributionsMetricsProcessor"},
        Stored{"generic_metrics_gauges_raw", "generic_metric_gauges_raw_local", "GenericGaugesMetricsProcessor"}),
    [](const auto& one) { return std::string(one.param.storage); });

}  // namespace
}  // namespace freshet
