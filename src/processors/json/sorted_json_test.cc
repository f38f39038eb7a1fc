#include "processors/json/sorted_json.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace freshet::processors {
namespace {

// The text of an object, or the reader's error.
std::string copied(std::string_view text, SortedJson& sorted) {
  JsonReader json;
  json.open(text);
  sorted.begin();
  JsonString name;
  CopiedValue value;
  for (json.enter_object(); json.next_key(name);) {
    if (!sorted.copy(json, name, value)) return json.what();
  }
  if (json.failed()) return json.what();
  return std::string(sorted.end(json));
}

std::string copied(std::string_view text) {
  static SortedJson sorted;
  return copied(text, sorted);
}

TEST(SortedJsonTest, SortsEveryLevelAndKeepsTheLastOfDuplicates) {
  EXPECT_EQ(copied("{}"), "{}");
  EXPECT_EQ(copied(R"({"b":[1, {"y": 2,"x":-0.0}, []],"a":{},"B":null})"),
            R"({"B":null,"a":{},"b":[1,{"x":-0.0,"y":2},[]]})");
  EXPECT_EQ(copied(R"({"b":1,"a":{"d":1,"c":true,"d":2},"b":"x"})"), R"({"a":{"c":true,"d":2},"b":"x"})");
  EXPECT_EQ(copied(R"({"\u0062":"\u00e9\"","a\n":1e400})"), "a number is out of range");
  EXPECT_EQ(copied(R"({"\u0062":"\u00e9\"","a\n":1e3})"), "{\"a\\n\":1000.0,\"b\":\"\u00e9\\\"\"}");
}

// It remembers the order of the object before.
TEST(SortedJsonTest, TheOrderChangesFromObjectToObject) {
  SortedJson sorted;
  for (const auto& [text, expected] : std::vector<std::pair<const char*, const char*>>{
           {R"({"b":1,"a":2,"c":3})", R"({"a":2,"b":1,"c":3})"},
           {R"({"y":1,"x":2,"z":3})", R"({"x":2,"y":1,"z":3})"},
           {R"({"c":1,"b":2,"a":3})", R"({"a":3,"b":2,"c":1})"},
           {R"({"c":1,"b":2,"c":3})", R"({"b":2,"c":3})"},
           {R"({"d":1,"b":2})", R"({"b":2,"d":1})"},
           {R"({"c":1,"b":2,"c":3})", R"({"b":2,"c":3})"},
           {R"({"c":1,"b":2,"a":3})", R"({"a":3,"b":2,"c":1})"},
           {R"({"a_long_name_b":-0,"a_long_name_a":-1, "a":[{"c":1.50}], "":"\t"})",
            R"({"":"\t","a":[{"c":1.5}],"a_long_name_a":-1,"a_long_name_b":-0.0})"}}) {
    EXPECT_EQ(copied(text, sorted), expected);
  }
}

TEST(SortedJsonTest, RefusesWhatIsNoValue) {
  EXPECT_EQ(copied(R"({"a":x})"), "expected a value");
  EXPECT_EQ(copied(R"({"a":[1,]})"), "expected a value");
  std::string deep = "{\"a\":";
  for (int i = 0; i < 200; ++i) deep += '[';
  EXPECT_EQ(copied(deep), "nested too deeply");
}

// The first value ends at every distance from the end of the buffer that a new writer has.
TEST(SortedJsonTest, TheBufferGrowsBeforeAndAfterEveryKey) {
  const std::string large = R"(,"b":")" + std::string(100'000, 'y') + R"("})";
  for (size_t size = 4380; size <= 4430; ++size) {
    const std::string text = R"({"a":")" + std::string(size, 'x') + "\"" + large;
    SortedJson sorted;
    ASSERT_TRUE(copied(text, sorted) == text) << size;
  }
}

TEST(SortedJsonTest, MembersAreAddedAndDropped) {
  SortedJson sorted;
  JsonReader json;
  json.open(R"({"a":1})");
  JsonString name;
  ASSERT_TRUE(json.enter_object() && json.next_key(name));
  CopiedValue value;
  sorted.begin();
  sorted.add("b", "null");
  ASSERT_TRUE(sorted.copy(json, name, value));
  EXPECT_EQ(value.kind, JsonKind::Number);
  EXPECT_EQ(value.number.unsigned_value, 1u);
  sorted.drop_last();
  sorted.add("a", R"("")");
  EXPECT_EQ(sorted.end(json), R"({"a":"","b":null})");
}

}  // namespace
}  // namespace freshet::processors
