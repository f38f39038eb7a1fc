// Tests numbers, texts, ids and times that the data sets share.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "ports/processor.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_tree.h"
#include "processors/values/conversions.h"
#include "processors/values/date_time.h"
#include "processors/values/ip_address.h"
#include "processors/values/uuid.h"

namespace freshet::processors {
namespace {

// Reads the literal and writes it; "invalid" if it cannot be read.
std::string number_text(std::string_view literal) {
  JsonReader reader;
  reader.open(literal);
  JsonNumber number;
  if (!reader.read_number(number) || !reader.finish()) return "invalid";
  std::string out;
  append_number(number, out);
  return out;
}

TEST(NumberTest, IntegersStayAndFractionsAreRoundedCorrectly) {
  const std::pair<const char*, const char*> kTable[] = {
      {"0", "0"},
      {"-0", "-0.0"},
      {"1.0e2", "100.0"},
      {"0.00001", "0.00001"},
      {"0.000001", "1e-6"},
      {"1e15", "1000000000000000.0"},
      {"1e16", "1e+16"},
      {"1234567890123456.7", "1234567890123456.8"},
      {"9007199254740993", "9007199254740993"},
      {"9007199254740993.0", "9007199254740992.0"},
      {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "1.8446744073709552e+19"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-9223372036854775809", "-9.223372036854776e+18"},
      {"100000000000000000000000", "1e+23"},
      {"0.009863138198852539", "0.009863138198852539"},
      {"1e-400", "0.0"},
      {"0e999", "0.0"},
      {"0.0e99999999999999999999", "0.0"},
      {"5e-324", "5e-324"},
      {"2.2250738585072011e-308", "2.225073858507201e-308"},
      {"-123.456e-10", "-1.23456e-8"},
      {"0.1e309", "1e+308"},
      {"1e309", "invalid"},
      {"1e99999999999999999999", "invalid"},
      {"01", "invalid"},
      {"1.", "invalid"},
      {".5", "invalid"},
      {"+1", "invalid"},
      {"1e", "invalid"},
      {"-", "invalid"},
      {"NaN", "invalid"},
  };
  for (const auto& [literal, text] : kTable) EXPECT_EQ(number_text(literal), text) << literal;
}

TEST(NumberTest, WhetherANumberIsBeyondADoubleDecidesTheReferencesProcedure) {
  const std::string zeros(292, '0');
  const std::string beyond[] = {
      // The first is below the largest double's upper half. Snuba's procedure multiplies 17976931348623158 by 1e292.
      "1.7976931348623158e308",
      "-1.7976931348623158e308",
      "17976931348623158e292",
      "17976931348623157" + zeros,
      "0.17976931348623158e309",
      "1797693134862315800000000000000000000000e269",
      "1e309",
      "0.1e310",
      "9e308",
      "1e2147483648",
      "1e99999999999999999999",
      "-" + std::string(400, '9')};
  for (const std::string& literal : beyond) {
    EXPECT_EQ(number_text(literal), "invalid") << literal;
    JsonReader reader;
    reader.open(literal);
    double truncated = 0;
    EXPECT_FALSE(reader.read_f64_to_truncate(truncated)) << literal;
    reader.open(literal);
    EXPECT_FALSE(reader.check()) << literal;
    reader.open(literal);
    EXPECT_TRUE(reader.skip()) << literal;
    EXPECT_TRUE(std::isinf(reference_double(literal))) << literal;
  }
  EXPECT_EQ(number_text("1.7976931348623157e308"), "1.7976931348623157e+308");
  EXPECT_EQ(number_text("-1" + std::string(308, '0')), "-1e+308");
  EXPECT_EQ(number_text("1e308"), "1e+308");
  EXPECT_EQ(number_text("0." + std::string(400, '0') + "1e401"), "1.0");
  EXPECT_EQ(number_text("0e99999999999999999999"), "0.0");
  EXPECT_EQ(number_text("1e-99999999999999999999"), "0.0");
}

TEST(NumberTest, WhatIsTruncatedIsReadAsTheReferenceReadsIt) {
  EXPECT_EQ(reference_double("9007199254740993.0"), 9007199254740994.0);
  EXPECT_EQ(reference_double("0.009863138198852539"), 0.00986313819885254);
  EXPECT_EQ(reference_double("-123.456e-10"), -1.23456e-8);
  EXPECT_EQ(reference_double("1e-400"), 0.0);
  EXPECT_EQ(reference_double("123456789012345678901.5"), 1.2345678901234567e20);
  EXPECT_EQ(microseconds(reference_double("1721234577.1234569")), 1721234577123456u);
}

std::string f32_text(double value) {
  std::array<char, kNumberRoom> room;
  return {room.data(), write_f32(static_cast<float>(value), room.data())};
}

TEST(NumberTest, FloatsOf32BitsHaveTheirOwnNotation) {
  EXPECT_EQ(f32_text(0.1), "0.1");
  EXPECT_EQ(f32_text(1), "1.0");
  EXPECT_EQ(f32_text(1e-6), "0.000001");
  EXPECT_EQ(f32_text(1e15), "1e+15");
  EXPECT_EQ(f32_text(123456789), "123456790.0");
  EXPECT_EQ(f32_text(3.4e38), "3.4e+38");
  EXPECT_EQ(f32_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(f32_text(-0.0), "-0.0");
}

TEST(CastTest, TruncatesTowardZeroAndSaturates) {
  EXPECT_EQ(to_u32(1.99), 1u);
  EXPECT_EQ(to_u32(-5.9), 0u);
  EXPECT_EQ(to_u32(4294967296.0), UINT32_MAX);
  EXPECT_EQ(to_u32(std::nan("")), 0u);
  EXPECT_EQ(to_u64(1e30), UINT64_MAX);
  EXPECT_EQ(to_i64(-1e30), INT64_MIN);
  EXPECT_EQ(to_i64(9223372036854775808.0), INT64_MAX);
  EXPECT_EQ(origin_from_seconds(100.9), 100'000);
  EXPECT_EQ(origin_from_seconds(-1.5), -1000);
  EXPECT_EQ(origin_from_seconds(int64_t{8210266876800}), kNoTimestamp);
}

TEST(RetentionTest, IsClampedToWhatTheDeploymentKnows) {
  const SnubaEnvironment environment;
  EXPECT_EQ(clamp_retention(std::nullopt, environment), 90);
  for (const auto& [days, kept] : {std::pair{0, 30}, {29, 30}, {31, 90}, {60, 60}, {365, 90}}) {
    EXPECT_EQ(clamp_retention(static_cast<uint16_t>(days), environment), kept) << days;
  }
}

TEST(UuidTest, TakesFourSpellingsAndNothingElse) {
  for (const char* text : {"0123456789ABCDEF0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef",
                           "{01234567-89AB-cdef-0123-456789abcdef}", "urn:uuid:01234567-89ab-cdef-0123-456789abcdef"}) {
    const auto uuid = Uuid::parse(text);
    ASSERT_TRUE(uuid) << text;
    std::array<char, Uuid::kTextSize> out;
    uuid->write(out.data());
    EXPECT_EQ(std::string(out.data(), out.size()), "01234567-89ab-cdef-0123-456789abcdef");
    uuid->write_simple(out.data());
    EXPECT_EQ(std::string(out.data(), 32), "0123456789abcdef0123456789abcdef");
  }
  for (const char* text : {"", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeg",
                           "01234567-89ab-cdef-0123_456789abcdef", "URN:UUID:01234567-89ab-cdef-0123-456789abcdef",
                           "{0123456789abcdef0123456789abcdef}", " 0123456789abcdef0123456789abcde"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

std::string ip_text(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address) return "none";
  std::array<char, IpAddress::kTextRoom> out;
  return {out.data(), address->write(out.data())};
}

TEST(IpAddressTest, IsWrittenAsTheReferenceWritesIt) {
  const std::pair<const char*, const char*> kTable[] = {
      {"10.0.0.255", "10.0.0.255"},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"::1.2.3.4", "::102:304"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"0:0:1:0:0:1:0:0", "::1:0:0:1:0:0"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"01.2.3.4", "none"},
      {"1.2.3.4 ", "none"},
      {"fe80::1%1", "none"},
      {"[::1]", "none"},
      {"00001::", "none"},
      {"", "none"},
  };
  for (const auto& [text, shown] : kTable) EXPECT_EQ(ip_text(text), shown) << text;
  EXPECT_EQ(ip_text(std::string_view("1.2.3.4\0", 8)), "none");
}

TEST(DateTimeTest, FollowsTheGrammarOfTheReference) {
  const std::pair<const char*, int64_t> kTable[] = {
      {"2023-03-28T18:50:49.442341621Z", 1680029449442},
      {"2023-03-28T18:50:49Z", 1680029449000},
      {"2023-3-8T1:2:3Z", 1678237323000},
      {" 2023- 3-\xC2\xA0"
       "8T 1: 2: 3Z",
       1678237323000},
      {"2023-03-28T18:50:49.0005Z", 1680029449000},
      {"2023-03-28T18:50:49.4423416219999Z", 1680029449442},
      {"2023-03-28T18:50:60.5Z", 1680029460500},
      {"+20233-03-28T18:50:49Z", 576332131849000},
      {"1969-12-31T23:59:59.5Z", -500},
      {"2024-02-29T00:00:00Z", 1709164800000},
  };
  for (const auto& [text, milliseconds] : kTable) {
    const auto instant = parse_date_time(text);
    ASSERT_TRUE(instant) << text;
    EXPECT_EQ(instant->floor_milliseconds(), milliseconds) << text;
  }
  EXPECT_EQ(parse_date_time("2023-03-28T18:50:60.5Z")->seconds, 1680029459);
  EXPECT_EQ(static_cast<uint64_t>(parse_date_time("-0001-01-01T00:00:00Z")->floor_milliseconds()),
            18446681874954351616u);
  for (const char* text :
       {"", "2023-02-29T00:00:00Z", "2023-03-28 18:50:49Z", "2023-03-28T18:50:49+00:00", "2023-03-28T18:50:49.Z",
        "20233-03-28T18:50:49Z", "2023-03-28T24:00:00Z", "2023-13-01T00:00:00Z", "2023-03-28t18:50:49Z",
        "2023-03-28T18:50:49Z ", "2023-03-28T18:50:49", "262143-01-01T00:00:00Z", "+262143-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_date_time(text)) << text;
  }
}

std::string ticks_text(TickForm form, auto ticks, int digits) {
  RowWriter row(form);
  row.ticks_value(ticks, digits);
  return std::string(row.text());
}

// White space before it makes a text unusual.
TEST(DateTimeTest, TheUsualFormIsReadAsAllForms) {
  std::mt19937_64 random(5);
  const std::string whole = "2023-03-28T18:50:49.123456789Z";
  for (int i = 0; i < 100'000; ++i) {
    std::string text = whole.substr(0, 19 + random() % 11) + "Z";
    for (uint64_t changes = random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = "0129-:.TZ /x\xFF"[random() % 14];
    }
    const auto usual = parse_date_time(text);
    const auto general = parse_date_time(" " + text);
    ASSERT_EQ(usual.has_value(), general.has_value()) << text;
    if (!usual) continue;
    ASSERT_EQ(usual->seconds, general->seconds) << text;
    ASSERT_EQ(usual->nanoseconds, general->nanoseconds) << text;
  }
}

TEST(RowWriterTest, TicksAreWrittenAsEveryServerReadsThem) {
  constexpr TickForm kForm = TickForm::SecondsAndFraction;
  EXPECT_EQ(ticks_text(kForm, int64_t{1710805688123}, 3), R"("1710805688.123")");
  EXPECT_EQ(ticks_text(kForm, uint64_t{1000001}, 6), R"("0000000001.000001")");
  EXPECT_EQ(ticks_text(kForm, int64_t{0}, 3), R"("0000000000.000")");
  EXPECT_EQ(ticks_text(kForm, int64_t{9'999'999'999'999}, 3), R"("9999999999.999")");
  EXPECT_EQ(ticks_text(kForm, int64_t{10'000'000'000'001}, 3), R"("2286-11-20 17:46:40.001")");
  EXPECT_EQ(ticks_text(kForm, int64_t{-500}, 3), R"("1969-12-31 23:59:59.500")");
  EXPECT_EQ(ticks_text(kForm, int64_t{-2000}, 3), R"("1969-12-31 23:59:58.000")");
  EXPECT_EQ(ticks_text(kForm, UINT64_MAX, 6), R"("18446744073709.551615")");
  EXPECT_EQ(ticks_text(TickForm::Ticks, int64_t{-500}, 3), "-500");
  EXPECT_EQ(ticks_text(TickForm::Ticks, UINT64_MAX, 6), "18446744073709551615");
}

TEST(RowWriterTest, NestsAndEscapes) {
  constexpr Column kA("a");
  constexpr Column kB("b.c");
  RowWriter row(TickForm::Ticks);
  for (int i = 0; i < 2; ++i) {
    row.begin_row();
    row.put(kA, std::string_view("\"\\/\b\f\n\r\t\x01\x7F\xC3\xA9"));
    row.key(kB);
    row.begin_array();
    row.value(uint64_t{1});
    row.begin_object();
    row.key(JsonString{"k\"", false});
    row.begin_array();
    row.end_array();
    row.end_object();
    row.value(nullptr);
    row.end_array();
    row.end_row();
  }
  const std::string one = R"({"a":"\"\\/\b\f\n\r\t\u0001)"
                          "\x7F\xC3\xA9"
                          R"(","b.c":[1,{"k\"":[]},null]})"
                          "\n";
  EXPECT_EQ(row.text(), one + one);
  row.clear();
  row.begin_row();
  row.put(kA, JsonString{std::string(100'000, 'x'), true});
  row.end_row();
  EXPECT_EQ(row.text().size(), 100'000u + 9);
}

}  // namespace
}  // namespace freshet::processors
