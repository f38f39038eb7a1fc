#include "processors/json/sorted_json.h"

#include <gtest/gtest.h>

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
  sorted.end();
  return std::string(sorted.text());
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
  json.open("1");
  CopiedValue value;
  sorted.begin();
  sorted.add("b", "null");
  ASSERT_TRUE(sorted.copy(json, {"a", true}, value));
  EXPECT_EQ(value.kind, JsonKind::Number);
  EXPECT_EQ(value.number.unsigned_value, 1u);
  sorted.drop_last();
  sorted.add("a", R"("")");
  sorted.end();
  EXPECT_EQ(sorted.text(), R"({"a":"","b":null})");
}

}  // namespace
}  // namespace freshet::processors
