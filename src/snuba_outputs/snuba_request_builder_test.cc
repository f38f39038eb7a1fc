// Requests in Snuba's form: URL, headers, blocks, retries.
#include "snuba_outputs/snuba_request_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "clickhouse/clickhouse_writer.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::snuba_outputs {
namespace {

using clickhouse::ClickHouseSettings;
using clickhouse::Hosts;
using clickhouse::kSettingConstraint;
using clickhouse::kUnknownSetting;
using clickhouse::make_row_writer;

using testkit::FakeAnswer;
using testkit::FakeClickHouse;

ClickHouseSettings snuba_settings() {
  ClickHouseSettings settings;
  settings.urls = {"http://h:8123"};
  settings.table = "errors_local";
  settings.user = "default";
  settings.database = "default";
  return settings;
}

TEST(SnubaUrl, ParametersComeInTheReferencesOrderThenOurs) {
  EXPECT_EQ(snuba_insert_url("http://h:8123", snuba_settings(), {}, {}, RowLayout{}, "t:0:1-2", {}),
            "http://h:8123/?insert_distributed_sync=1&decompress=1&load_balancing=in_order"
            "&query=INSERT+INTO+errors_local+FORMAT+JSONEachRow"
            "&async_insert=0&deduplicate_blocks_in_dependent_materialized_views=1&input_format_allow_errors_num=0"
            "&input_format_allow_errors_ratio=0&insert_deduplication_token=t%3A0%3A1-2&min_insert_block_size_bytes=0"
            "&min_insert_block_size_rows=1048576");
}

TEST(SnubaUrl, EverythingThatCanBeThere) {
  ClickHouseSettings settings = snuba_settings();
  settings.writer_options = {{"input_format_skip_unknown_fields", "1"}};
  settings.insert_settings = {{"max_partitions_per_insert_block", "0"}};
  InsertOptions options;
  options.load_balancing = "first_or_random";
  options.load_balancing_first_offset = "1";
  options.max_insert_block_size = 1'048'449;
  const RowLayout layout{RowFormat::RowBinary, {"organization_id", "odd name"}};
  EXPECT_EQ(snuba_insert_url("https://h/base", settings, {.json_as_string = true}, options, layout, "", {}),
            "https://h/base?insert_distributed_sync=1&decompress=1&input_format_binary_read_json_as_string=1"
            "&load_balancing=first_or_random&load_balancing_first_offset=1&max_insert_block_size=1048449"
            "&query=INSERT+INTO+errors_local+%28organization_id%2C+%60odd+name%60%29+FORMAT+RowBinary"
            "&async_insert=0&deduplicate_blocks_in_dependent_materialized_views=1&input_format_allow_errors_num=0"
            "&input_format_allow_errors_ratio=0&input_format_skip_unknown_fields=1&max_partitions_per_insert_block=0"
            "&min_insert_block_size_bytes=0&min_insert_block_size_rows=1048576");
  options.max_insert_block_size = 1'048'448;
  EXPECT_EQ(snuba_insert_url("http://h", settings, {}, options, RowLayout{}, "", {"async_insert"}).find("async_insert"),
            std::string::npos);
  EXPECT_EQ(snuba_insert_url("http://h", settings, {}, options, RowLayout{}, "", {}).find("max_insert_block_size"),
            std::string::npos);
}

TEST(SnubaUrl, OnlyWhatTheReferenceDoesNotSendMayBeDropped) {
  ClickHouseSettings settings = snuba_settings();
  settings.writer_options = {{"insert_allow_materialized_columns", "1"}};
  settings.insert_settings = {{"max_threads", "1"}};
  for (const char* name : {"async_insert", "insert_deduplication_token", "insert_allow_materialized_columns",
                           "load_balancing_first_offset"}) {
    EXPECT_TRUE(may_omit_in_snuba_request(settings, name, kUnknownSetting)) << name;
  }
  for (const char* name : {"load_balancing", "insert_distributed_sync", "max_threads"}) {
    EXPECT_FALSE(may_omit_in_snuba_request(settings, name, kUnknownSetting)) << name;
    EXPECT_FALSE(may_omit_in_snuba_request(settings, name, kSettingConstraint)) << name;
  }
}

struct SnubaWriting {
  testkit::FakeClickHouse server;
  RealClock clock;
  Metrics metrics;
  Snapshot<LiveOptions> live{LiveOptions{}};
  ClickHouseSettings settings = snuba_settings();
  RowLayout layout;
  std::vector<InsertFailure> failures;

  SnubaWriting() {
    settings.urls = {server.url()};
    LiveOptions options;
    options.insert.retry_initial_backoff_ms = 1;
    live.set(options);
  }
  WriteOutcome write(std::vector<std::string_view> rows) {
    const auto writer = make_row_writer(settings, std::make_shared<Hosts>(settings.urls), clock, null_log(), metrics,
                                        make_snuba_request_builder(settings, {}, live, metrics));
    InsertRequest request{&layout, std::move(rows), {}, 1, 0, "tok"};
    return writer->write(request, {{}, [this](const InsertFailure& f) { failures.push_back(f); }});
  }
};

TEST(SnubaWriter, HeadersAreThoseOfTheReferenceAlsoWhenEmpty) {
  SnubaWriting w;
  EXPECT_EQ(w.write({"{}\n"}).kind, WriteOutcome::Kind::Written);
  const auto seen = w.server.requests().at(0);
  EXPECT_EQ(seen.headers.at("connection"), "keep-alive");
  EXPECT_EQ(seen.headers.at("accept-encoding"), "gzip,deflate");
  EXPECT_EQ(seen.headers.at("x-clickhouse-user"), "default");
  EXPECT_EQ(seen.headers.at("x-clickhouse-key"), "");
  EXPECT_EQ(seen.headers.at("x-clickhouse-database"), "default");
  EXPECT_EQ(seen.headers.at("content-length"), std::to_string(seen.raw_body.size()));
  EXPECT_FALSE(seen.headers.contains("content-type"));
  EXPECT_FALSE(seen.parameters.contains("date_time_input_format"));
}

TEST(SnubaWriter, BlocksAreFullButTheLast) {
  SnubaWriting w;
  const std::string first(700'000, 'a');
  const std::string second(900'000, 'b');
  EXPECT_EQ(w.write({first, second, "c\n"}).kind, WriteOutcome::Kind::Written);
  const std::string body = w.server.requests().at(0).raw_body;
  std::vector<uint32_t> sizes;
  for (size_t at = 0; at < body.size();) {
    uint32_t compressed = 0;
    uint32_t plain = 0;
    EXPECT_EQ(static_cast<unsigned char>(body[at + 16]), 0x82);
    std::memcpy(&compressed, body.data() + at + 17, 4);
    std::memcpy(&plain, body.data() + at + 21, 4);
    sizes.push_back(plain);
    at += 16 + compressed;
  }
  EXPECT_EQ(sizes, (std::vector<uint32_t>{1'048'576, 700'000 + 900'000 + 2 - 1'048'576}));
  EXPECT_EQ(w.server.stored_rows(), first + second + "c\n");
}

TEST(SnubaWriter, LiveOptionsAreReadForEveryAttempt) {
  SnubaWriting w;
  w.server.next(FakeAnswer::exception(242, "Table is in readonly mode"));
  LiveOptions options = *w.live.get();
  options.insert.load_balancing = "random";
  const auto writer = make_row_writer(w.settings, std::make_shared<Hosts>(w.settings.urls), w.clock, null_log(),
                                      w.metrics, make_snuba_request_builder(w.settings, {}, w.live, w.metrics));
  const RowLayout layout;
  InsertRequest request{&layout, {"{}\n"}, {}, 1, 3, "tok"};
  EXPECT_EQ(writer->write(request, {{}, [&](const InsertFailure&) { w.live.set(options); }}).kind,
            WriteOutcome::Kind::Written);
  const auto seen = w.server.requests();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].parameters.at("load_balancing"), "in_order");
  EXPECT_EQ(seen[1].parameters.at("load_balancing"), "random");
}

TEST(SnubaWriter, AfterThePolicysAttemptsOursGoOnAndTheProgramNeverEnds) {
  SnubaWriting w;
  w.server.next(FakeAnswer::exception(60, "Table default.errors_local does not exist", 404), 6);
  EXPECT_EQ(w.write({"{}\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 6u);
  EXPECT_EQ(w.metrics
                .counter("freshet_insert_failed_attempts_total", "",
                         {{"status", "404 Not Found"}, {"timeout", "false"}, {"attempt", "5"}, {"max_attempts", "5"}})
                .value(),
            1u);
  EXPECT_EQ(
      w.metrics
          .counter("freshet_insert_failed_attempts_total", "",
                   {{"status", "404 Not Found"}, {"timeout", "false"}, {"attempt", "later"}, {"max_attempts", "5"}})
          .value(),
      1u);
}

TEST(SnubaWriter, RejectedRowsAreNotTriedAgain) {
  SnubaWriting w;
  w.server.next(FakeAnswer::exception(27, "Cannot parse input: (at row 1)", 400));
  EXPECT_EQ(w.write({"{}\n"}).kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(w.server.requests().size(), 1u);
}

TEST(SnubaWriter, ARedirectKeepsMethodAndBody) {
  SnubaWriting w;
  const std::string target = "/?decompress=1&query=INSERT+INTO+t+FORMAT+JSONEachRow";
  w.server.next(FakeAnswer::foreign(307, "Location: " + target + "\r\n", ""));
  EXPECT_EQ(w.write({"{}\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.server.requests().back().target, target);
  EXPECT_EQ(w.server.stored_rows(), "{}\n");
}

TEST(SnubaWriter, CredentialsAndRowsNeverGoWhereARedirectPoints) {
  SnubaWriting w;
  FakeClickHouse other;
  w.server.next(FakeAnswer::foreign(307, "Location: " + other.url() + "/?decompress=1\r\n", ""));
  EXPECT_EQ(w.write({"{}\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(other.connections(), 0u);
  ASSERT_EQ(w.failures.size(), 1u);
  EXPECT_EQ(w.failures[0].failure_class, InsertFailure::Class::Operator);
  EXPECT_THAT(w.failures[0].text, testing::HasSubstr(other.url()));
  EXPECT_THAT(w.failures[0].text, testing::HasSubstr("redirect"));
}

}  // namespace
}  // namespace freshet::snuba_outputs
