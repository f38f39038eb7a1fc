// Trace items in a current server: RowBinary stores the same as JSONEachRow, for current and older Snuba.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clickhouse/clickhouse_writer.h"
#include "processors/registry.h"
#include "snuba_outputs/snuba_request_builder.h"
#include "testkit/fake_clock.h"
#include "testkit/golden_cases.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using nlohmann::json;

std::string table_ddl(const std::string& name, bool june) {
  std::string columns =
      "organization_id UInt64, project_id UInt64, item_type UInt8, timestamp DateTime('UTC'), trace_id UUID,"
      "session_id UUID, ai_conversation_id String, item_id UInt128, sampling_weight UInt64, sampling_factor Float64,"
      "server_sample_rate Float64, client_sample_rate Float64, retention_days UInt16, indexed_name String,"
      "downsampled_retention_days UInt16, attributes_bool Map(String, Bool), attributes_int Map(String, Int64)";
  for (int i = 0; i < 40; ++i) {
    columns += fmt::format(", attributes_string_{0} Map(String, String), attributes_float_{0} Map(String, Float64)", i);
  }
  columns += june ? ", attributes_array JSON(max_dynamic_paths=128)"
                  : ", attributes_array_bool Map(String, Array(Bool)), attributes_array_float Map(String, "
                    "Array(Float64)), attributes_array_int Map(String, Array(Int64)), attributes_array_string "
                    "Map(String, Array(String)), received_at UInt64";
  return fmt::format(
      "CREATE TABLE {} ({}, CONSTRAINT known CHECK organization_id != 13) ENGINE = MergeTree "
      "ORDER BY (organization_id, item_id, item_type)",
      name, columns);
}

class TraceItems : public testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() { server_ = new testkit::LocalClickHouse(); }
  static void TearDownTestSuite() { delete server_; }
  TraceItems() {
    clock_.advance(std::chrono::milliseconds(1'790'000'000'123) - clock_.system_now().time_since_epoch());
    LiveOptions options;
    options.processors.eap_emit_received_at = true;
    live_.set(options);
  }
  bool june() const { return GetParam(); }

  std::unique_ptr<Processor> processor(bool row_binary) {
    processors::ProcessorsSettings settings;
    settings.processor = "EAPItemsProcessor";
    settings.june = june();
    settings.row_binary = row_binary;
    return (*processors::make_factory(settings, {&clock_, &metrics_, &live_}))();
  }

  std::string fresh_table(const std::string& suffix) const {
    const std::string name = fmt::format("items_{}_{}", june() ? "june" : "head", suffix);
    server_->query("DROP TABLE IF EXISTS " + name);
    server_->query(table_ddl(name, june()));
    return name;
  }

  WriteOutcome write(const std::string& table, const RowLayout& layout, const std::vector<std::string>& rows) {
    clickhouse::ClickHouseSettings settings;
    settings.urls = {server_->url()};
    settings.table = "default." + table;
    RealClock clock;
    const auto writer = clickhouse::make_row_writer(
        settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, null_log(), metrics_,
        snuba_outputs::make_snuba_request_builder(settings, {.json_as_string = june()}, live_, metrics_));
    InsertRequest request;
    request.layout = &layout;
    for (const std::string& row : rows) {
      request.rows.push_back(row);
      request.row_bytes += row.size();
    }
    request.row_count = rows.size();
    request.token = table + std::to_string(++token_);
    return writer->write(request, {});
  }

  std::vector<std::string> rows_of(Processor& processor, const std::vector<std::string>& messages) {
    std::vector<std::string> rows;
    for (const std::string& payload : messages) {
      Message message;
      message.timestamp_ms = 1'790'000'000'456;
      message.payload = payload;
      const ProcessResult result = processor.process({"snuba-items", Partition{0}}, message, rows.emplace_back());
      EXPECT_EQ(result.row_count, 1u);
    }
    return rows;
  }

  json stored(const std::string& table) const {
    return testkit::parse_rows(
        server_->query(fmt::format(
            "SELECT * EXCEPT session_id FROM {} ORDER BY ALL SETTINGS output_format_json_quote_64bit_integers = 0, "
            "enable_order_by_all = 1 FORMAT JSONEachRow",
            table)) +
        "\n");
  }

  static testkit::LocalClickHouse* server_;
  testkit::FakeClock clock_;
  Metrics metrics_;
  Snapshot<LiveOptions> live_{LiveOptions{}};
  int token_ = 0;
};
testkit::LocalClickHouse* TraceItems::server_ = nullptr;

// JSON has no NaN: the row contains null, for which the server stores 0, so the formats differ.
bool has_nan(const json& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const json& row) {
    return std::any_of(row.begin(), row.end(), [](const json& column) {
      return column.is_structured() && column.dump().find("null") != std::string::npos;
    });
  });
}

TEST_P(TraceItems, RowBinaryStoresWhatJsonEachRowStores) {
  std::vector<std::string> messages;
  for (auto& one : testkit::own_cases(std::string(FRESHET_SOURCE_DIR) + "/tests/golden/EAPItemsProcessor")) {
    if (one.result == "rows" && !has_nan(one.rows)) messages.push_back(std::move(one.message));
  }
  ASSERT_GT(messages.size(), 20u);
  const auto as_json = processor(false);
  const auto as_binary = processor(true);
  const std::string json_table = fresh_table("json");
  const std::string binary_table = fresh_table("binary");
  const WriteOutcome json_written = write(json_table, as_json->layout(), rows_of(*as_json, messages));
  ASSERT_EQ(json_written.kind, WriteOutcome::Kind::Written) << json_written.text;
  const WriteOutcome binary_written = write(binary_table, as_binary->layout(), rows_of(*as_binary, messages));
  ASSERT_EQ(binary_written.kind, WriteOutcome::Kind::Written) << binary_written.text;
  const json expected = stored(json_table);
  EXPECT_EQ(expected.size(), messages.size());
  EXPECT_EQ(testkit::difference(expected, stored(binary_table)), "");
}

TEST_P(TraceItems, ARejectedBatchOfRowBinaryCanBeHalved) {
  const auto of_organization = [](char id) {
    return std::string{'\x08', id} + "\x1a\x20" + "0123456789abcdef0123456789abcdef" + "\x22\x10" + "0123456789abcdef" +
           std::string("\x32\x00", 2);
  };
  const auto binary = processor(true);
  const auto rows = rows_of(*binary, {of_organization(1), of_organization(13), of_organization(2)});
  const std::string table = fresh_table("rejected");
  EXPECT_EQ(write(table, binary->layout(), rows).kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(server_->count("SELECT count() FROM " + table), 0u);
  EXPECT_EQ(write(table, binary->layout(), {rows[0]}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(write(table, binary->layout(), {rows[1]}).kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(write(table, binary->layout(), {rows[2]}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server_->query("SELECT groupArray(organization_id) FROM (SELECT * FROM " + table + " ORDER BY ALL)"),
            "[1,2]");
}

INSTANTIATE_TEST_SUITE_P(Generations, TraceItems, testing::Values(false, true),
                         [](const auto& one) { return one.param ? "June" : "Head"; });

}  // namespace
}  // namespace freshet
