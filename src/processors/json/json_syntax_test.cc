#include "processors/json/json_syntax.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>

#include "testkit/web_events.h"

namespace freshet::processors {
namespace {

JsonCheck check(std::string_view text) { return JsonSyntax().check(text); }

// True if simdjson accepts it as one object.
bool simdjson_takes(const std::string& text) {
  simdjson::dom::parser parser(1 << 20);
  simdjson::dom::object object;
  const auto error = parser.parse(text).get(object);
  return error == simdjson::SUCCESS;
}

size_t error_position(std::string_view text) {
  const JsonCheck checked = check(text);
  EXPECT_TRUE(checked.error) << text;
  return checked.error ? checked.error->position : 0;
}

TEST(JsonSyntaxTest, CountsObjectsWithAnyWhiteSpaceBetween) {
  EXPECT_EQ(check(R"({"a":1})").objects, 1u);
  EXPECT_EQ(check("{}{}").objects, 2u);
  EXPECT_EQ(check(" \r\n\t{\"a\" : [ ] } \n{ } ").objects, 2u);
}

TEST(JsonSyntaxTest, ErrorsNameTheByte) {
  EXPECT_EQ(error_position(""), 0u);
  EXPECT_EQ(error_position("  "), 2u);
  EXPECT_EQ(error_position("[1]"), 0u);
  EXPECT_EQ(error_position(R"({"a" 1})"), 5u);
  EXPECT_EQ(error_position(R"({"a":01})"), 6u);
  EXPECT_EQ(error_position(R"({"a":1,})"), 7u);
  EXPECT_EQ(error_position("{\"a\":\"\x01\"}"), 6u);
  EXPECT_EQ(error_position(R"({"a":"\x"})"), 7u);
  EXPECT_EQ(error_position(R"({"a":"\u12g4"})"), 10u);
  EXPECT_EQ(error_position(R"({"a":tru})"), 5u);
  EXPECT_EQ(error_position(R"({"a":1)"), 6u);
  EXPECT_EQ(error_position(R"({"a":[1})"), 7u);
  EXPECT_EQ(error_position("\xEF\xBB\xBF{}"), 0u);
  EXPECT_EQ(error_position("{\"a\":\"b\xff\"}"), 7u);
}

TEST(JsonSyntaxTest, ObjectsAndFieldsAreFound) {
  JsonSyntax syntax;
  JsonObjects out;
  syntax.check(R"( {"a":1,"b":{"c":[2,{}]}} {"a":"x"}{})", &out);
  ASSERT_EQ(out.objects.size(), 3u);
  EXPECT_EQ(out.objects[1], R"({"a":"x"})");
  ASSERT_EQ(out.fields.size(), 3u);
  EXPECT_EQ(out.fields[1].name, "b");
  EXPECT_EQ(out.fields[1].value.text, R"({"c":[2,{}]})");
  EXPECT_EQ(out.fields[2].object, 1u);
  EXPECT_EQ(out.fields[2].value.text, R"("x")");
}

TEST(JsonSyntaxTest, DepthIsBounded) {
  const auto nested = [](size_t n) { return "{\"a\":" + std::string(n, '[') + std::string(n, ']') + "}"; };
  EXPECT_FALSE(check(nested(kMaxJsonDepth - 1)).error);
  EXPECT_TRUE(check(nested(kMaxJsonDepth)).error);
  EXPECT_TRUE(check(nested(1'000'000)).error);
}

TEST(JsonSyntaxTest, NamesAreComparedByMeaning) {
  EXPECT_TRUE(same_name("abc", "abc"));
  EXPECT_TRUE(same_name(R"(\u0061bc)", "abc"));
  EXPECT_TRUE(same_name(R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"));
  EXPECT_FALSE(same_name(R"(a\nb)", R"(a\nb)"));
  EXPECT_TRUE(same_name(R"(a\nb)", "a\nb"));
}

// Compares the results with simdjson's for thousands of damaged documents.
TEST(JsonSyntaxTest, AgreesWithSimdjsonOnMutatedDocuments) {
  std::mt19937_64 random(20261124);
  testkit::WebEvents events(5, 300);
  // Without exponents, because simdjson refuses numbers that no double can hold.
  const std::string interesting = "{}[]\",:\\ \n\t0123456789-+.tfnu\x01\x7f\xc3\xa9\xff";
  int valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = events.valid(static_cast<uint64_t>(i), 1'790'000'000'000);
    for (uint64_t edits = random() % 3; edits > 0; --edits) {
      const size_t at = random() % text.size();
      const char c = interesting[random() % interesting.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1 + random() % 3);
      }
    }
    const JsonCheck checked = check(text);
    const bool ours = !checked.error && checked.objects == 1;
    ASSERT_EQ(ours, simdjson_takes(text)) << text;
    valid += ours ? 1 : 0;
  }
  EXPECT_GT(valid, 5'000);
  EXPECT_LT(valid, 19'000);
}

TEST(JsonSyntaxTest, EveryPrefixIsRefused) {
  const std::string text = R"({"a":[1,-2.5e+3,true,null,{"b":"é😀\n"}]})";
  for (size_t n = 0; n < text.size(); ++n) EXPECT_TRUE(check(text.substr(0, n)).error) << n;
  EXPECT_FALSE(check(text).error);
}

}  // namespace
}  // namespace freshet::processors
