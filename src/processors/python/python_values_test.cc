// Tests Python's semantics for values of any type: numbers, text, times, UUIDs, order.
#include "processors/python/python_values.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/allocation_limit.h"
#include "processors/json/json_number.h"
#include "processors/python/python_ids.h"
#include "processors/python/python_json.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_pairs.h"
#include "processors/python/python_row.h"
#include "processors/python/python_text.h"
#include "processors/python/python_time.h"
#include "processors/python/python_unicode.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

using namespace std::string_literals;

// A parsed text. Its values are valid as long as the object exists.
class Parsed {
 public:
  explicit Parsed(std::string_view text) : value_(json_.read(text)) {}
  explicit operator bool() const { return value_ != nullptr; }
  const PythonValue& operator*() const { return *value_; }
  const PythonValue* operator->() const { return value_; }
  const PythonJson& json() const { return json_; }

 private:
  PythonJson json_;
  const PythonValue* value_;
};

std::string row_of(std::string_view text) {
  const Parsed value(text);
  if (!value) return "invalid";
  RowWriter row(TickForm::Ticks);
  row.value(AnyValue{&*value});
  return std::string(row.text());
}

std::string text_of(std::string_view text) {
  const Parsed value(text);
  if (value->is_string()) return std::string(value->view());
  std::string out;
  append_text(*value, out);
  return out;
}

std::string display_of(std::string_view text) {
  std::string out;
  append_display_text(*Parsed(text), out);
  return out;
}

std::string uuid_of(std::string_view text) {
  const auto uuid = parse_python_uuid(text);
  if (!uuid) return "none";
  std::string out(Uuid::kTextSize, ' ');
  uuid->write(out.data());
  return out;
}

std::string ip_of(std::string_view text) {
  const auto ip = parse_python_ip(text);
  if (!ip) return "none";
  std::string out(IpAddress::kTextRoom, ' ');
  out.resize(static_cast<size_t>(ip->address.write(out.data()) - out.data()));
  return (ip->address.v6 ? "6 " : "4 ") + out + std::string(ip->zone);
}

std::string time_of(std::string_view text) {
  const auto time = parse_python_time(text);
  Stamp::Room room;
  return time ? std::string(Stamp{*time}.text(room)) + " " + std::to_string(milliseconds_within_second(*time)) : "none";
}

TEST(PythonJson, TakesWhatTheReferenceTakes) {
  EXPECT_EQ(row_of(" {\"a\" : [1, {}, []] } "), R"({"a":[1,{},[]]})");
  EXPECT_EQ(row_of("[NaN,-NaN,Infinity,-Inf,Inf]"), "[NaN,NaN,Infinity,-Infinity,Infinity]");
  EXPECT_EQ(row_of("[-0,-0.0,12345678901234567890123,1e2]"), "[0,-0.0,12345678901234567890123,100.0]");
  EXPECT_EQ(row_of("[1] \0 anything"s), "[1]");
  EXPECT_EQ(row_of(R"("\ud83d\ude00\u0000\/")"), "\"\xF0\x9F\x98\x80\\u0000/\"");
  EXPECT_EQ(row_of(R"({"b":1,"a":2,"b":3})"), R"({"b":3,"a":2})");
}

TEST(PythonJson, RefusesWhatTheReferenceRefuses) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "\0[1]"s,
                                  "[1] x"s,
                                  "[1,]"s,
                                  "{\"a\":1,}"s,
                                  "{'a':1}"s,
                                  "[1"s,
                                  "{\"a\"}"s,
                                  "{1:2}"s,
                                  "[01]"s,
                                  "[1.]"s,
                                  "[.5]"s,
                                  "[+1]"s,
                                  "[-]"s,
                                  "[1e]"s,
                                  "\"\\x\""s,
                                  "\"\\ud83d\""s,
                                  "\"\\ude00\\ud83d\""s,
                                  "\"\n\""s,
                                  "\"a\0b\""s,
                                  "tru"s,
                                  "[Infinit]"s,
                                  "\xEF\xBB\xBF[1]"s,
                                  "[1]\0\xFF"s,
                                  "\"\xED\xA0\x80\""s,
                                  "/**/1"s,
                                  "]"s}) {
    EXPECT_FALSE(Parsed(text)) << text;
  }
  EXPECT_STREQ(Parsed("[1] x").json().what(), "unexpected data after the value");
}

TEST(PythonJson, NumbersHaveTheReferencesLimits) {
  EXPECT_EQ(row_of("[9e308,-1.5e309,1.23e310]"), "[Infinity,-Infinity,Infinity]");
  EXPECT_EQ(row_of("[1e-400,-1e-999]"), "[0.0,-0.0]");
  for (const char* text : {"1e309", "1e999", "0e999", "0.05e400", "1e99999999999999999999"}) {
    EXPECT_EQ(row_of(text), "invalid") << text;
  }
  EXPECT_TRUE(Parsed(std::string(4300, '9')));
  EXPECT_FALSE(Parsed(std::string(4301, '9')));
}

TEST(PythonJson, HasALimitOfDepth) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(row_of(nested(450)), nested(450));
  EXPECT_EQ(row_of(nested(PythonJson::kMaxDepth)), nested(PythonJson::kMaxDepth));
  EXPECT_EQ(row_of(nested(PythonJson::kMaxDepth + 1)), "invalid");
  EXPECT_EQ(row_of(std::string(1'000'000, '[')), "invalid");
}

TEST(PythonJson, ALargeTextTakesMemoryForTheValuesThatItHas) {
  const std::string text = R"({"a":")" + std::string(20'000'000, 'x') + R"(","b":"\u00e9"})";
  {
    const AllocationLimit limit(3 * text.size());
    PythonJson parser;
    EXPECT_NE(parser.read(text), nullptr);
  }
  std::string many = "[0";
  while (many.size() < 2'000'000) many += R"(,{"":[[],-1,"é\n"]})";
  for (const std::string& end : {std::string("]"), std::string(3'000'000, '['), std::string(3'000'000, ',')}) {
    const Parsed value(many + end);
    EXPECT_EQ(static_cast<bool>(value), end == "]");
    if (value) {
      EXPECT_GT(value->count(), 100'000u);
    }
  }
}

TEST(PythonText, ShowsValuesAsPythonDoes) {
  EXPECT_EQ(text_of("1e15"), "1000000000000000.0");
  EXPECT_EQ(text_of("1e16"), "1e+16");
  EXPECT_EQ(text_of("1e-5"), "1e-05");
  EXPECT_EQ(text_of("0.0001"), "0.0001");
  EXPECT_EQ(text_of("0.10"), "0.1");
  EXPECT_EQ(text_of("123456789.123456789"), "123456789.12345679");
  EXPECT_EQ(text_of("9007199254740993.0"), "9007199254740992.0");
  EXPECT_EQ(text_of("5e-324"), "5e-324");
  EXPECT_EQ(text_of("-NaN"), "nan");
  EXPECT_EQ(text_of("-Infinity"), "-inf");
  EXPECT_EQ(text_of("true"), "True");
  EXPECT_EQ(text_of("{\"\u00e9\":[\"a\x7f\",1e16,null,true,\"\U0001F600\\n\"]}"),
            R"({"\u00e9": ["a\u007f", 1e+16, null, true, "\ud83d\ude00\n"]})");
  EXPECT_EQ(text_of("[NaN,-Infinity,{},[]]"), "[NaN, -Infinity, {}, []]");
}

TEST(PythonText, DisplayIsPythonsOwnForm) {
  EXPECT_EQ(display_of(R"([1,"a",null,"it's",true,NaN])"), R"([1, 'a', None, "it's", True, nan])");
  EXPECT_EQ(display_of(R"({"'\"":"\\\n\u0000\u007f\u00ad\u200b\u00e9"})"), R"({'\'"': '\\\n\x00\x7f\xad\u200bé'})");
  EXPECT_EQ(display_of("[\"\U000E0001\"]"), R"(['\U000e0001'])");
  EXPECT_EQ(display_of("null"), "None");
  EXPECT_EQ(display_of("\"a'\""), "a'");
  EXPECT_TRUE(is_printable(0x2EBF0));  // added in Unicode 15.1
  EXPECT_FALSE(is_printable(0x3000));
}

TEST(PythonNumbers, AreReadFromText) {
  std::string scratch;
  for (const char* text : {"ff", "FF", "0xff", "0x_ff", "f_f", " ff\n", "+ff", "\uFF10\u0663f"}) {
    const auto value = HexInteger::parse(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->digits(scratch), text[0] == '\xEF' ? "63" : "255") << text;
  }
  EXPECT_EQ(HexInteger::parse("-ff")->digits(scratch), "-255");
  EXPECT_EQ(HexInteger::parse(std::string(40, 'f'))->digits(scratch),
            "1461501637330902918203684832716283019655932542975");
  for (const std::string& text : {""s, "0x"s, "_f"s, "f_"s, "f__f"s, "0x-f"s, "- ff"s, "g"s, "ff\0"s, "\u00e9"s}) {
    EXPECT_FALSE(HexInteger::parse(text)) << text;
  }
  EXPECT_FALSE(HexInteger::parse(std::string(3573, 'f')));
  EXPECT_TRUE(HexInteger::parse(std::string(5000, '0')));
  EXPECT_EQ(integer_of(*Parsed("1.9")), 1);
  EXPECT_EQ(integer_of(*Parsed("-0.9")), 0);
  EXPECT_EQ(integer_of(*Parsed("\" 1_7 \"")), 17);
  EXPECT_EQ(integer_of(*Parsed("\"1.5\"")), std::nullopt);
  EXPECT_EQ(integer_of(*Parsed("NaN")), std::nullopt);
  EXPECT_EQ(integer_of(*Parsed("\"" + std::string(4301, '0') + "\"")), std::nullopt);
}

TEST(PythonNumbers, AreComparedExactly) {
  const auto order = [](const char* a, const char* b) { return compare_numbers(*Parsed(a), *Parsed(b)); };
  EXPECT_EQ(order("1", "true"), 0);
  EXPECT_EQ(order("9007199254740993", "9007199254740992.0"), 1);
  EXPECT_EQ(order("9007199254740993.0", "9007199254740993"), -1);
  EXPECT_EQ(order("100000000000000000000000", "1e23"), 1);  // the double is 99999999999999991611392
  EXPECT_EQ(order("-100000000000000000000000", "-1e23"), -1);
  EXPECT_EQ(order("123", "123.5"), -1);
  EXPECT_EQ(order("999999999999999999999", "Infinity"), -1);
  EXPECT_EQ(order("-Infinity", "-999999999999999999999"), -1);
  EXPECT_EQ(order("-5", "3"), -1);
  EXPECT_EQ(order("-10", "-9"), -1);
}

TEST(PythonIds, UuidsAreReadLoosely) {
  constexpr const char* kId = "4d2c7a5e-0b1f-4c3d-9e8f-7a6b5c4d3e2f";
  for (const char* text :
       {"4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f", "4D2C7A5E0B1F4C3D9E8F7A6B5C4D3E2F", "{4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f}",
        "{{4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f", "urn:uuid:4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f",
        "-4d2c-7a5e0b1f4c3d9e8f7a6b5c4d3e2f-", "4d2c7a5e0b1f4c3duuid:9e8f7a6b5c4d3e2f"}) {
    EXPECT_EQ(uuid_of(text), kId) << text;
  }
  EXPECT_EQ(uuid_of("0x2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f"), "002c7a5e-0b1f-4c3d-9e8f-7a6b5c4d3e2f");
  EXPECT_EQ(uuid_of("4d2_7a5e0b1f4c3d9e8f7a6b5c4d3e2f"), "04d27a5e-0b1f-4c3d-9e8f-7a6b5c4d3e2f");
  EXPECT_EQ(uuid_of("\td2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f"), "0d2c7a5e-0b1f-4c3d-9e8f-7a6b5c4d3e2f");
  for (const char* text : {"", "4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2", "4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f0",
                           "URN:UUID:4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f", "4d2__a5e0b1f4c3d9e8f7a6b5c4d3e2f",
                           "_d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f", "gd2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f"}) {
    EXPECT_EQ(uuid_of(text), "none") << text;
  }
}

TEST(PythonIds, AddressesMayHaveAZone) {
  EXPECT_EQ(ip_of("FE80::1%eth0"), "6 fe80::1%eth0");
  EXPECT_EQ(ip_of("::1.2.3.4"), "6 ::102:304");
  EXPECT_EQ(ip_of("::ffff:1.2.3.4"), "6 ::ffff:1.2.3.4");
  EXPECT_EQ(ip_of("10.0.0.1"), "4 10.0.0.1");
  for (const char* text : {"", "fe80::1%", "fe80::1%a%b", "fe80::1%a/b", "1.2.3.4%x", "01.2.3.4", "1.2.3.4/8"}) {
    EXPECT_EQ(ip_of(text), "none") << text;
  }
}

TEST(PythonTime, IsReadAsPythonReadsIt) {
  EXPECT_EQ(time_of("2099-1-2T3:4:5.6Z"), "2099-01-02 03:04:05 600");
  EXPECT_EQ(time_of("2099-01- 2t03:04:05.600z"), "2099-01-02 03:04:05 600");
  EXPECT_EQ(time_of("0999-01-02T03:04:05.0Z"), "999-01-02 03:04:05 0");
  EXPECT_EQ(time_of("1969-12-31T23:59:58.9Z"), "1969-12-31 23:59:58 900");
  EXPECT_EQ(time_of("2096-02-29T00:00:00.000001Z"), "2096-02-29 00:00:00 0");
  EXPECT_EQ(time_of("\uFF12\u0660\u0669\u0669-01-1\u0663T1\u0663:0\u0663:\u0663.5Z"), "2099-01-13 13:03:03 500");
  for (const char* text :
       {"2099-01-02T03:04:05Z", "2099-01-02T03:04:05.Z", "2099-01-02T03:04:05.1234567Z", "2099-01-02T03:04:60.0Z",
        "2099-02-29T03:04:05.0Z", "0000-01-02T03:04:05.0Z", "2099-13-02T03:04:05.0Z", "2099-01-02T24:04:05.0Z",
        "2099-01-02T2\u0663:04:05.0Z", "2099-01-3\u0660T03:04:05.0Z", "2099-01-02T03:04:05.\u0663Z",
        "2099-01-02T03:04:05.0Z ", " 2099-01-02T03:04:05.0Z", "99-01-02T03:04:05.0Z", ""}) {
    EXPECT_EQ(time_of(text), "none") << text;
  }
}

TEST(PythonTime, InstantsAreRoundedToMicroseconds) {
  const auto instant = [](const char* text) { return instant_of(*Parsed(text)); };
  EXPECT_EQ(instant("1715933350.9999998"), 1715933351000000);
  EXPECT_EQ(instant("0.0000005"), 0);
  EXPECT_EQ(instant("0.0000015"), 2);
  EXPECT_EQ(instant("-0.5"), -500000);
  EXPECT_EQ(instant("true"), 1000000);
  EXPECT_EQ(instant("253402300799"), 253402300799000000);
  for (const char* text : {"253402300800", "-62135596801", "NaN", "Infinity", "1e300", "\"5\"", "null"}) {
    EXPECT_EQ(instant(text), std::nullopt) << text;
  }
  EXPECT_FALSE(is_in_window(-1000000));
  EXPECT_TRUE(is_in_window(-999999));
  EXPECT_TRUE(is_in_window(4294967295999999));
  EXPECT_FALSE(is_in_window(4294967296000000));
}

TEST(PythonTime, MillisecondsComeOutOfADouble) {
  EXPECT_EQ(milliseconds_of(1'001'000), 1000);
  EXPECT_EQ(milliseconds_of(1'002'000), 1002);
  EXPECT_EQ(milliseconds_of(-1'500'000), -1500);
  EXPECT_EQ(milliseconds_of(253'402'300'799'999'000), 253'402'300'799'999);
}

TEST(PythonTime, RetentionIsEnforcedWhereThatIsAskedFor) {
  testkit::FakeClock clock;
  clock.advance(std::chrono::hours(24 * 365 * 50));
  Metrics metrics;
  const GeneratedValues values({&clock, &metrics});
  const int64_t now = values.now_us();
  constexpr int64_t kDay = 86'400'000'000;
  ProcessorsSettings settings;
  const auto days = [&](const char* text) {
    const Parsed value(text);
    return retention_of(&*value, std::nullopt, now, settings, values).days;
  };
  EXPECT_EQ(days("45"), 45);
  EXPECT_EQ(days("\"30\""), 90);
  EXPECT_EQ(retention_of(nullptr, 90, now - 90 * kDay, settings, values).age, Retention::Age::Kept);
  EXPECT_EQ(retention_of(nullptr, 90, now - 90 * kDay - 1, settings, values).age, Retention::Age::TooOld);
  const Parsed huge("1000000");
  EXPECT_EQ(retention_of(&*huge, std::nullopt, now, settings, values).age, Retention::Age::NotComputable);

  settings.python_rules.enforce_retention = true;
  EXPECT_EQ(days("45"), 90);
  EXPECT_EQ(days("29"), 30);
  EXPECT_EQ(days("60"), 60);
  settings.python_rules.keep_old_events = true;
  EXPECT_EQ(retention_of(nullptr, 90, 0, settings, values).age, Retention::Age::Kept);
}

TEST(PythonPairs, AreSortedEachKeyOnce) {
  const auto sorted = [](std::string_view text) -> std::string {
    const Parsed value(text);
    PythonPairs pairs;
    if (!pairs.read(&*value) || !pairs.sort()) return "invalid";
    std::string out;
    for (const auto& one : pairs.pairs()) {
      append_json_text(*one.key, out);
      out += '=';
      append_json_text(*one.value, out);
      out += ' ';
    }
    return out;
  };
  EXPECT_EQ(sorted(R"([["b",1],["a",2],["b",3]])"), R"("a"=2 "b"=3 )");
  EXPECT_EQ(sorted(R"(["ab","cde",null,[null]])"), R"("a"="b" "c"="d" )");
  EXPECT_EQ(sorted("[[2.5,1],[1,2],[1.0,3]]"), "1=3 2.5=1 ");
  EXPECT_EQ(sorted(R"({"b":1,"a":2})"), R"("a"=2 "b"=1 )");
  EXPECT_EQ(sorted("\"\""), "");
  for (const char* text :
       {R"([[1,"x"],["1","y"]])", R"(["a"])", "[[]]", R"([["a"]])", "[[[],1]]", "[{}]", "[5]", "5", "\"ab\"", "true"}) {
    EXPECT_EQ(sorted(text), "invalid") << text;
  }
}

TEST(PythonValues, AreOrderedOrNot) {
  const auto order = [](const char* a, const char* b) {
    bool comparable = true;
    const int result = compare(*Parsed(a), *Parsed(b), comparable);
    return comparable ? std::to_string(result) : "refused"s;
  };
  EXPECT_EQ(order("\"a\"", "\"b\""), "-1");
  EXPECT_EQ(order("[1,\"x\"]", "[1]"), "1");
  EXPECT_EQ(order("[1,null]", "[1.0,null]"), "0");
  EXPECT_EQ(order("{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":true}"), "0");
  EXPECT_EQ(order("{\"a\":1}", "{\"a\":2}"), "refused");
  EXPECT_EQ(order("[1,\"x\"]", "[1,2]"), "refused");
  EXPECT_EQ(order("1", "\"1\""), "refused");
  EXPECT_EQ(order("null", "1"), "refused");
}

TEST(PythonValues, ManyMembersAreCollapsedAsFewAre) {
  std::string text = "{";
  for (int i = 0; i < 40; ++i) text += "\"k" + std::to_string(i % 30) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const Parsed object(text);
  std::vector<PythonMember> members;
  unique_members(*object, members);
  ASSERT_EQ(members.size(), 30u);
  for (size_t i = 0; i < members.size(); ++i) {
    EXPECT_EQ(members[i].key->view(), "k" + std::to_string(i));
    EXPECT_EQ(members[i].value->view(), std::to_string(i < 10 ? i + 30 : i));
  }
}

}  // namespace
}  // namespace freshet::processors
