// Compares the findings of `freshet check` about a value with what a current server does with it, so that they stay in
// agreement.
#include "clickhouse/table_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/insert_url.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using clickhouse::Severity;

enum class Fate {
  AsMeant,     // no finding
  Otherwise,   // stored with another value: a warning
  Rejected,    // an error
  Unreadable,  // stored, but the column cannot be read afterwards: an error
};

const char* name_of(Fate fate) {
  switch (fate) {
    case Fate::AsMeant:
      return "stored as meant";
    case Fate::Otherwise:
      return "stored otherwise";
    case Fate::Rejected:
      return "rejected";
    case Fate::Unreadable:
      return "unreadable";
  }
  return "";
}

struct Value {
  const char* json;
  Fate fate;
  const char* stored = "";  // as JSON; "": the value as given
};
struct Column {
  const char* type;
  std::vector<Value> values;
};

constexpr Fate kFits = Fate::AsMeant, kOther = Fate::Otherwise, kNo = Fate::Rejected, kBroken = Fate::Unreadable;

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"UInt8",
       {{"255", kFits},
        {"256", kOther, "0"},
        {"-1", kNo},
        {"1.0", kNo},
        {"1e2", kNo},
        {R"("12")", kFits, "12"},
        {R"("300")", kOther, "44"},
        {R"("")", kOther, "0"},
        {R"("x")", kNo},
        {"true", kFits, "1"},
        {"null", kOther, "0"},
        {"[1]", kNo},
        {"18446744073709551616", kOther, "0"}}},
      {"Int8", {{"127", kFits}, {"-128", kFits}, {"128", kOther, "-128"}, {R"("-129")", kOther, "127"}}},
      {"UInt16", {{"65535", kFits}, {"65536", kOther, "0"}, {R"("007")", kFits, "7"}, {R"("1 ")", kNo}}},
      {"Int32", {{"2147483647", kFits}, {"2147483648", kOther}}},
      {"Int64",
       {{"-9223372036854775808", kFits},
        {"9223372036854775808", kOther, "-9223372036854775808"},
        {"-9223372036854775809", kOther}}},
      {"UInt64", {{"18446744073709551615", kFits}, {"18446744073709551616", kOther, "0"}, {"1e19", kNo}}},
      {"Int128",
       {{"170141183460469231731687303715884105727", kFits},
        {"170141183460469231731687303715884105728", kOther},
        {"-170141183460469231731687303715884105729", kOther}}},
      {"UInt256",
       {{"115792089237316195423570985008687907853269984665640564039457584007913129639935", kFits},
        {"115792089237316195423570985008687907853269984665640564039457584007913129639936", kOther, "0"}}},
      {"Nullable(UInt8)", {{"null", kFits, "null"}, {"300", kOther, "44"}, {R"("")", kOther, "0"}}},
      {"SimpleAggregateFunction(sum, UInt64)", {{"-1", kNo}, {"18446744073709551616", kOther, "0"}}},
      {"Bool",
       {{"true", kFits},
        {"1", kFits, "true"},
        {"0", kFits, "false"},
        {"2", kNo},
        {R"("true")", kNo},
        {"1.0", kNo},
        {"null", kOther, "false"}}},
      {"Float32",
       {{"0.5", kFits},
        {"1e39", kOther, "null"},
        {"3.4028236e38", kOther, "null"},
        {R"("1e39")", kOther, "null"},
        {R"("inf")", kFits, "null"},
        {R"("")", kOther, "0"},
        {R"("x")", kNo},
        {"16777216", kFits},
        {"16777217", kOther, "16777216"},
        {"1700000000123", kOther},
        {R"("-16777217")", kOther, "-16777216"},
        {"{}", kNo}}},
      {"Float64",
       {{"9007199254740992", kFits},
        {"9007199254740993", kOther},
        {"0", kFits},
        {"-7", kFits},
        {"1e308", kFits},
        {"1e309", kOther, "null"},
        {"-1e999", kOther, "null"},
        {"null", kOther, "0"}}},
      {"BFloat16", {{"1e39", kOther, "null"}, {"256", kFits}, {"257", kOther, "256"}}},
      {"Decimal(5, 2)",
       {{"999.99", kFits},
        {"1.100", kFits, "1.1"},
        {"1.234", kOther, "1.23"},
        {"0.001", kOther, "0"},
        {"1e2", kFits, "100"},
        {"12345e-2", kFits, "123.45"},
        {"1000", kNo},
        {"1e3", kNo},
        {R"("12.5")", kFits, "12.5"},
        {R"("1,5")", kNo},
        {R"("")", kOther, "0"},
        {"true", kNo}}},
      {"Date",
       {{"19700", kFits, R"("2023-12-09")"},
        {"65536", kOther},
        {"1700000000", kOther, R"("2138-12-02")"},
        {"1700000000123", kOther},
        {"-1", kNo},
        {"1.5", kNo},
        {R"("2024-01-02")", kFits},
        {R"("20240102")", kFits, R"("2024-01-02")"},
        {R"("2024-02-30")", kOther, R"("2024-03-01")"},
        {R"("1969-12-31")", kOther, R"("1970-01-01")"},
        {R"("2149-06-07")", kOther, R"("2149-06-06")"},
        {R"("2024-01-02T03:04:05Z")", kNo},
        {R"("")", kNo},
        {"null", kOther, R"("1970-01-01")"}}},
      {"Date32",
       {{"120529", kFits, R"("2299-12-31")"},
        {"1700000000", kOther, R"("2299-12-31")"},
        {"-25568", kOther, R"("1900-01-01")"},
        {R"("1899-12-31")", kOther, R"("1900-01-01")"},
        {R"("2300-01-01")", kOther, R"("2299-12-31")"}}},
      {"DateTime('UTC')",
       {{"1700000000", kFits, R"("2023-11-14 22:13:20")"},
        {"1700000000123", kOther, R"("2080-07-11 10:10:03")"},
        {"4294967296", kOther, R"("1970-01-01 00:00:00")"},
        {"-1", kOther, R"("1970-01-01 00:00:00")"},
        {"1700000000.5", kNo},
        {"true", kNo},
        {R"("1700000000123")", kFits, R"("2023-11-14 22:13:20")"},
        {R"("1700000000.5")", kNo},
        {R"("2024-01-02T03:04:05Z")", kFits, R"("2024-01-02 03:04:05")"},
        {R"("2024-01-02T03:04:05.678+02:00")", kFits, R"("2024-01-02 01:04:05")"},
        {R"("1969-12-31T23:59:59Z")", kOther},
        {R"("2106-02-07T06:28:15Z")", kFits, R"("2106-02-07 06:28:15")"},
        {R"("2106-02-07T06:28:16Z")", kOther},
        {R"("2024-02-30 00:00:00")", kNo},
        {R"("2024-01-01 25:00:00")", kOther, R"("2024-01-02 01:00:00")"},
        {R"("Jan 2 2024")", kFits, R"("2024-01-02 00:00:00")"},
        {R"("01/02/2024")", kOther, R"("2024-02-01 00:00:00")"},
        {R"("24-01-02")", kOther},
        {R"("12:34:56")", kOther},
        {R"("1.5")", kOther},
        {R"("")", kNo},
        {R"("abc")", kNo}}},
      {"DateTime64(3, 'UTC')",
       {{"1700000000123", kFits, R"("2023-11-14 22:13:20.123")"},
        {"1700000000", kOther, R"("1970-01-20 16:13:20.000")"},
        {"1700000000.5", kNo},
        {"10413792000000", kOther},
        {"-2208988800001", kOther},
        {"9223372036854775808", kOther},
        {R"("1700000000.123")", kFits, R"("2023-11-14 22:13:20.123")"},
        {R"("2299-12-31T23:59:59Z")", kFits, R"("2299-12-31 23:59:59.000")"},
        {R"("2300-01-01T00:00:00Z")", kOther},
        {R"("1899-12-31 00:00:00")", kOther}}},
      {"DateTime64(9, 'UTC')",
       {{"1700000000123456789", kFits, R"("2023-11-14 22:13:20.123456789")"},
        {R"("2262-04-11T23:47:17Z")", kNo},
        {"1700000000123", kOther}}},
      {"Enum8('a' = 1, 'it\\'s' = -128)",
       {{R"("a")", kFits},
        {R"("it's")", kFits},
        {R"("z")", kNo},
        {"1", kFits, R"("a")"},
        {"3", kNo},
        {"257", kOther, R"("a")"},
        {R"("1")", kFits, R"("a")"},
        {"true", kNo},
        {"1.5", kNo},
        {"null", kBroken}}},
      {"Enum16('' = 0, 'b' = 1000)", {{"null", kOther, R"("")"}, {"1000", kFits, R"("b")"}, {"66536", kOther}}},
      {"Nullable(Enum8('a' = 1))", {{R"("z")", kNo}}},
      {"FixedString(3)", {{R"("abc")", kFits}, {R"("abcd")", kNo}, {"5", kNo}}},
      {"String",
       {{R"("x")", kFits}, {"1.50", kOther, R"("1.50")"}, {"null", kOther, R"("")"}, {"[1]", kOther, R"("[1]")"}}},
      {"LowCardinality(Nullable(String))", {{"null", kFits, "null"}, {"5", kOther, R"("5")"}}},
      {"IPv4", {{R"("1.2.3.4")", kFits}, {R"("256.1.1.1")", kNo}, {"16909060", kNo}, {R"("::1")", kNo}}},
      {"IPv6",
       {{R"("::1")", kFits},
        {R"("1.2.3.4")", kFits, R"("::ffff:1.2.3.4")"},
        {R"("x")", kNo},
        {R"("::1\u0000")", kNo},
        {"1", kNo}}},
      {"UUID",
       {{R"("61f0c404-5cb3-11e7-907b-a6006ad3dba0")", kFits},
        {R"("61f0c4045cb311e7907ba6006ad3dba0")", kFits, R"("61f0c404-5cb3-11e7-907b-a6006ad3dba0")"},
        {R"("61f0c404")", kNo},
        {R"("")", kNo},
        {"1", kNo}}},
      {"Array(UInt8)",
       {{"[1,2]", kFits}, {"[1,300]", kOther, "[1,44]"}, {"[1,null]", kOther, "[1,0]"}, {"[-1]", kNo}, {"5", kNo}}},
      {"Array(Array(Int8))", {{"[[1,200]]", kOther, "[[1,-56]]"}, {"[[1],2]", kNo}}},
      {"Array(DateTime('UTC'))", {{"[1700000000123]", kOther}}},
      {"Array(Enum8('a' = 1))", {{"[null]", kBroken}, {R"(["a","z"])", kNo}}},
      {"Array(Nullable(UInt8))", {{"[null,255]", kFits}, {"[256]", kOther, "[0]"}}},
      {"Map(String, UInt8)", {{R"({"a":1})", kFits}, {R"({"a":300})", kOther}, {R"({"a":"x"})", kNo}, {"[]", kNo}}},
      {"Map(Int8, String)", {{R"({"-129":"x"})", kOther}, {R"({"a":"x"})", kNo}}},
      {"Map(String, Enum8('a' = 1))", {{R"({"x":null})", kBroken}}},
      {"Tuple(UInt8, String)",
       {{R"([1,"x"])", kFits}, {R"([300,"x"])", kOther}, {"[1]", kNo}, {R"({"1":1,"2":"x"})", kNo}}},
      {"Tuple(a UInt8, b String)",
       {{R"({"a":1,"b":"x"})", kFits},
        {R"({"a":300,"b":"x"})", kOther},
        {R"({"A":1,"b":"x"})", kOther},
        {R"([1,"x"])", kNo}}},
      {"Tuple(e Enum8('a' = 1))", {{"{}", kBroken}, {R"({"e":null})", kBroken}}},
      {"Time", {{R"("")", kNo}, {R"("2024-01-01")", kNo}, {R"("noon")", kNo}, {R"("1.5")", kNo}}},
      {"Time64(3)", {{R"("")", kNo}, {R"("2024-01-01")", kNo}, {R"("noon")", kNo}}},
      {"Point", {{"[1,2.5]", kFits}, {"[1]", kNo}, {"5", kNo}, {R"(["a",1])", kNo}}},
      {"Polygon", {{"[[[0,0],[1,0],[1,1]]]", kFits}, {"[[0,0]]", kNo}, {"[1]", kNo}}},
      {"JSON", {{"5", kNo}, {"[1]", kNo}}},
  };
  return all;
}

class TableCheckContract : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new testkit::LocalClickHouse(); }
  static void TearDownTestSuite() { delete server_; }

  void make_table(const std::string& columns_text) {
    server_->query("DROP TABLE IF EXISTS t");
    server_->query(fmt::format("CREATE TABLE t ({}) ENGINE = MergeTree ORDER BY tuple()", columns_text));
    settings_.urls = {server_->url()};
    settings_.table = "default.t";
    const auto table = clickhouse::ClickHouseClient(settings_, clock_).describe_table(std::chrono::seconds(30));
    ASSERT_TRUE(table) << table.error().text;
    table_ = *table;
  }

  // With the settings of freshet's inserts. None: rejected.
  std::optional<std::string> store(const std::string& row, const std::string& read) {
    server_->query("TRUNCATE TABLE t");
    std::string settings;
    for (const auto& [name, value] : clickhouse::insert_settings(settings_, {})) {
      settings += fmt::format("{}{} = '{}'", settings.empty() ? "" : ", ", name, value);
    }
    try {
      server_->query(fmt::format("INSERT INTO t SETTINGS {} FORMAT JSONEachRow {}", settings, row));
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
    std::string stored = server_->query(fmt::format("SELECT {} FROM t FORMAT TabSeparatedRaw", read));
    while (stored.ends_with('\n')) stored.pop_back();
    return stored;
  }

  Fate stored_fate(const Value& value) {
    try {
      const auto stored = store(fmt::format(R"({{"v":{}}})", value.json), "ifNull(toJSONString(v), 'null')");
      if (!stored) return Fate::Rejected;
      const std::string expected = *value.stored == '\0' ? value.json : value.stored;
      const auto parsed = [](const std::string& text) {
        return nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
      };
      const bool same = *stored == expected || parsed(*stored) == parsed(expected);
      if (*value.stored != '\0') {
        EXPECT_TRUE(same) << value.json << " is stored as " << *stored;
      }
      if (value.fate == Fate::Otherwise) return same && *value.stored == '\0' ? Fate::AsMeant : Fate::Otherwise;
      return same ? Fate::AsMeant : Fate::Otherwise;
    } catch (const std::runtime_error&) {
      return Fate::Unreadable;
    }
  }

  // True if the check agrees; an error counts as Unreadable if the server stores the row.
  bool check_says(const Value& value, std::string& said) const {
    bool warning = false, error = false;
    for (const auto& finding :
         clickhouse::check_rows(table_, {}, {fmt::format(R"({{"v":{}}})", value.json)}, settings_)) {
      if (finding.subject != "v") continue;
      said += finding.text + "\n";
      (finding.severity == Severity::Error ? error : warning) = true;
    }
    switch (value.fate) {
      case Fate::AsMeant:
        return !warning && !error;
      case Fate::Otherwise:
        return warning && !error;
      case Fate::Rejected:
      case Fate::Unreadable:
        return error;
    }
    return false;
  }

  std::vector<clickhouse::Finding> check(const std::string& row) const {
    return clickhouse::check_rows(table_, {}, {row}, settings_);
  }

  static testkit::LocalClickHouse* server_;
  RealClock clock_;
  clickhouse::ClickHouseSettings settings_;
  clickhouse::TableInfo table_;
};
testkit::LocalClickHouse* TableCheckContract::server_ = nullptr;

TEST_F(TableCheckContract, TheServerDoesWithEveryValueWhatTheCheckSays) {
  for (const Column& column : columns()) {
    make_table(fmt::format("v {}", column.type));
    for (const Value& value : column.values) {
      EXPECT_STREQ(name_of(stored_fate(value)), name_of(value.fate)) << column.type << " " << value.json;
      std::string said;
      EXPECT_TRUE(check_says(value, said))
          << column.type << " " << value.json << " is " << name_of(value.fate) << ", and the check says: " << said;
    }
  }
}

TEST_F(TableCheckContract, NamesAreMatchedAsTheServerMatchesThem) {
  make_table("id UInt8, x UInt8, X UInt8");
  EXPECT_EQ(store(R"({"Id":5})", "id"), "5");
  for (const auto& finding : check(R"({"Id":5,"x":1,"X":1})")) ADD_FAILURE() << finding.text;
  EXPECT_EQ(store(R"({"X":5})", "X"), "5");
  settings_.insert_settings = {{"input_format_column_name_matching_mode", "match_case"}};
  EXPECT_EQ(store(R"({"Id":5})", "id"), "0");
  const auto left_out = check(R"({"Id":5,"x":1,"X":1})");
  EXPECT_TRUE(std::any_of(left_out.begin(), left_out.end(), [](const auto& f) { return f.subject == "Id"; }));
  settings_.insert_settings.clear();

  make_table("xy UInt8, Xy UInt8");
  EXPECT_EQ(store(R"({"XY":5})", "xy"), std::nullopt);
  EXPECT_EQ(check(R"({"XY":5})").front().severity, Severity::Error);
}

TEST_F(TableCheckContract, WhatFillsNoColumnIsSaid) {
  make_table("n Nested(x UInt8), m UInt8 MATERIALIZED 7, e Enum8('a' = 1) DEFAULT 'a'");
  EXPECT_EQ(store(R"({"n":{"x":[1]},"m":3,"e":null})", "concat(toString(length(`n.x`)), toString(m), toString(e))"),
            "07a");
  const auto findings = check(R"({"n":{"x":[1]},"m":3,"e":null})");
  for (const char* subject : {"n", "m", "e"}) {
    EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [&](const auto& f) {
      return f.subject == subject && f.severity == Severity::Warning;
    })) << subject;
  }
}

}  // namespace
}  // namespace freshet
