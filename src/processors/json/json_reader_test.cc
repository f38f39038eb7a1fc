#include "processors/json/json_reader.h"

#include <gtest/gtest.h>

#include "model/owned_message.h"
#include "processors/json/json_tree.h"
#include "processors/json/read_lists.h"
#include "processors/json/struct_reader.h"
#include "processors/python/python_json.h"

namespace freshet::processors {
namespace {

std::string nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

bool skips(std::string_view text) {
  JsonReader reader;
  reader.open(text);
  return reader.skip() && reader.finish();
}
bool checks(std::string_view text) {
  JsonReader reader;
  reader.open(text);
  return reader.check() && reader.finish();
}

TEST(JsonReaderTest, APaddedPayloadIsReadWhereItStands) {
  Message message;
  message.payload = R"(["text"])";
  JsonReader reader;
  JsonString text;
  const auto read = [&] {
    return reader.enter_array() && reader.next_element() && reader.read_string(text) && !reader.next_element() &&
           reader.finish();
  };
  reader.open(message);
  ASSERT_TRUE(read()) << reader.error_text();
  EXPECT_NE(text.view.data(), message.payload->data() + 2);
  const Message copy = padded_copy(message);
  reader.open(copy);
  ASSERT_TRUE(read()) << reader.error_text();
  EXPECT_EQ(text.view.data(), copy.payload->data() + 2);
  EXPECT_EQ(text.view, "text");
}

TEST(JsonReaderTest, SkippedAndParsedRegionsDifferWhereTheReferenceDoes) {
  for (const char* text : {"\"\\ud800\"", "\"\xFF\"", "1e999", "{\"\\udc00\":1}"}) {
    EXPECT_TRUE(skips(text)) << text;
    EXPECT_FALSE(checks(text)) << text;
  }
  EXPECT_TRUE(checks(nested(127)));
  EXPECT_FALSE(checks(nested(128)));
  EXPECT_TRUE(skips(nested(100'000)));
}

TEST(JsonReaderTest, SyntaxIsCheckedEverywhere) {
  for (const char* text :
       {"",    "[1,]",      "[,1]",    "{\"a\"}",        "{\"a\":}", "{\"a\":1,}", "{a:1}",    "[1 2]",
        "nul", "truefalse", "\"\\x\"", "\"\\u12g4\"",    "\"a\nb\"", "\"open",     "[",        "{",
        "01",  "1.",        "--1",     "\xEF\xBB\xBF{}", "{} x",     "[1}",        "{\"a\":1]"}) {
    EXPECT_FALSE(skips(text)) << text;
    EXPECT_FALSE(checks(text)) << text;
  }
  EXPECT_FALSE(skips(std::string_view("1\0", 2)));
  for (const char* text : {" {\"a\" : [ 1 , -2.5e3 , true,false,null , \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\" ] } ",
                           "[]", "{}", "\"\x7F\"", "-0"}) {
    EXPECT_TRUE(skips(text)) << text;
    EXPECT_TRUE(checks(text)) << text;
  }
}

TEST(JsonReaderTest, StringsAreReadWithTheirEscapes) {
  JsonReader reader;
  const auto read = [&](std::string_view text) -> std::string {
    reader.open(text);
    JsonString out;
    if (!reader.read_string(out) || !reader.finish()) return "invalid";
    return std::string(out.view);
  };
  EXPECT_EQ(read(R"("\u0041\ud83d\ude00\u00e9\/")"), "A\xF0\x9F\x98\x80\xC3\xA9/");
  EXPECT_EQ(read("\"\\u0000\""), std::string(1, '\0'));
  EXPECT_EQ(read("\"caf\xC3\xA9 \\n" + std::string(100, 'x') + "\""), "caf\xC3\xA9 \n" + std::string(100, 'x'));
  for (const char* text : {"\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\\ud800\"", "\"\xC3\\n\"",
                           "\"\xC0\x80\"", "\"\\n\xFF\"", "\"\\u12\""}) {
    EXPECT_EQ(read(text), "invalid") << text;
  }
}

TEST(JsonReaderTest, ManyEscapedStringsStayReadable) {
  std::string text = "[";
  for (int i = 0; i < 5000; ++i) text += (i > 0 ? ",\"\\n" : "\"\\n") + std::to_string(i) + "\"";
  text += "]";
  JsonReader reader;
  reader.open(text);
  std::vector<JsonString> all;
  for (reader.enter_array(); reader.next_element();) reader.read_string(all.emplace_back());
  ASSERT_TRUE(reader.finish());
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(all[static_cast<size_t>(i)].view, "\n" + std::to_string(i));
}

TEST(JsonReaderTest, BytesAreReadFromTheirNumbers) {
  const auto read = [](std::string_view text) {
    JsonReader reader;
    reader.open(text);
    std::string_view bytes;
    return reader.read_bytes(bytes) && reader.finish() ? std::string(bytes) : "invalid: " + std::string(reader.what());
  };
  EXPECT_EQ(read("[104,101 , 121]"), "hey");
  EXPECT_EQ(read(" [ 0, 255 ] "), std::string("\0\xFF", 2));
  EXPECT_EQ(read("[]"), "");
  for (const char* text : {"[256]", "[1000]", "[-1]", "[1.0]", "[1e1]", "[01]", "[1,]", "[,1]", "[1 2]", "[1",
                           "[\"1\"]", "[null]", "{}", "1"}) {
    EXPECT_TRUE(read(text).starts_with("invalid: ")) << text;
  }
  JsonReader reader;
  reader.open("{\"a\":[1,2],\"b\":3}");
  JsonString key;
  std::string_view bytes;
  uint64_t number = 0;
  ASSERT_TRUE(reader.enter_object() && reader.next_key(key) && reader.read_bytes(bytes) && reader.next_key(key));
  EXPECT_TRUE(reader.read_u64(number) && !reader.next_key(key) && reader.finish());
}

TEST(JsonReaderTest, TheFirstErrorStaysAndKnowsItsPlace) {
  JsonReader reader;
  reader.open("[1,x]");
  uint64_t value = 0;
  ASSERT_TRUE(reader.enter_array() && reader.next_element() && reader.read_u64(value) && reader.next_element());
  EXPECT_FALSE(reader.read_u64(value));
  EXPECT_FALSE(reader.skip());
  EXPECT_FALSE(reader.finish());
  EXPECT_EQ(reader.error_text(), "invalid message at byte 3: expected a number");
}

constexpr Fields kFields(
    {{"needed", Need::Required}, {"maybe"}, {"with default", Need::Defaulted}, {"other", Need::Optional, 1}});

std::string read_struct(std::string_view text, Unknown unknown = Unknown::Skip, bool object_only = false) {
  JsonReader reader;
  reader.open(text);
  std::string seen;
  StructReader fields(reader, kFields, unknown, object_only);
  for (int field; (field = fields.next()) >= 0;) {
    uint64_t value = 0;
    if (reader.read_u64(value)) seen += std::to_string(field) + "=" + std::to_string(value) + " ";
  }
  return fields.complete() && reader.finish() ? seen : reader.what();
}

TEST(StructReaderTest, FieldsComeInAnyOrderUnknownOnesArePassedOver) {
  EXPECT_EQ(read_struct(R"({"x":[1e999],"maybe":2,"needed":1})"), "1=2 0=1 ");
  EXPECT_EQ(read_struct(R"({"x":[1e999],"needed":1})", Unknown::Check), "a number is out of range");
  EXPECT_EQ(read_struct(R"({"needed":1,"needed\u0000":2})"), "0=1 ");
  EXPECT_EQ(read_struct(R"({"\u006eeeded":1})"), "0=1 ");
}

TEST(StructReaderTest, WhatIsMissingOrTwiceIsAnError) {
  EXPECT_EQ(read_struct(R"({"maybe":2})"), "a required field is missing");
  EXPECT_EQ(read_struct(R"({"needed":1,"needed":1})"), "a field occurs twice");
  EXPECT_EQ(read_struct(R"({"needed":1,"maybe":1,"other":1})"), "a field occurs twice");
  EXPECT_EQ(read_struct(R"({"needed":1,"x":1,"x":1})"), "0=1 ");
}

TEST(StructReaderTest, AnArrayGivesTheFieldsInTheirOrder) {
  EXPECT_EQ(read_struct("[1,2,3]"), "0=1 1=2 2=3 ");
  EXPECT_EQ(read_struct("[1,2]"), "0=1 1=2 ");
  EXPECT_EQ(read_struct("[1]"), "a required field is missing");
  EXPECT_EQ(read_struct("[1,2,3,4]"), "an array has more elements than the struct has fields");
  EXPECT_EQ(read_struct("[1,2,3]", Unknown::Skip, true), "expected an object");
}

TEST(JsonTreeTest, IsWrittenSortedWithTheLastOfDuplicates) {
  JsonReader reader;
  reader.open(R"({"b":[1.50,1e2,7,-0,{"z":null,"a":"\u00e9\n"}],"a":1,"a":true,"":false})");
  JsonTree tree;
  const JsonNode* root = tree.read(reader);
  ASSERT_NE(root, nullptr);
  std::string out;
  append_sorted_json(*root, out);
  EXPECT_EQ(out, "{\"\":false,\"a\":true,\"b\":[1.5,100.0,7,-0.0,{\"a\":\"\xC3\xA9\\n\",\"z\":null}]}");
  EXPECT_TRUE(JsonTree::find(*root, "a")->bool_value);
  EXPECT_EQ(JsonTree::find(*root, "c"), nullptr);
}

// What was between the values of one object is expected in the next, which must not change what is read.
TEST(StructReaderTest, WhatAnotherObjectHadBetweenItsValuesChangesNothing) {
  const std::vector<std::string> texts = {R"({"needed":1,"maybe":2})",
                                          R"({"needed" : 1 , "maybe":2 })",
                                          "{ \n\"needed\"\t :1,\n  \"maybe\":2}",
                                          R"({"needed":1,"maybf":2})",
                                          R"({"needed":1,,"maybe":2})",
                                          R"({"needed":1 "maybe":2})",
                                          R"({"needed":1,"maybe" 2})",
                                          R"({,"needed":1,"maybe":2})",
                                          R"({"x":3,"needed":1,"maybe":2})",
                                          R"({"x":3"needed":1,"maybe":2})",
                                          R"({"maybe":2,"needed":1})",
                                          R"({"maybe":2,"needed":1,"maybe":2})",
                                          R"({"needed":1,"maybe":2,"maybe":2})",
                                          R"({"needed":1,"maybe":2,"needed":1})",
                                          R"({"needed":1,"\u006daybe":2})",
                                          R"({"needed":1,"other":2})",
                                          R"({"needed":1,"maybe":})",
                                          R"({"needed":1,"maybe":x})",
                                          R"({"needed":1,"maybe")",
                                          R"({"needed":1,)",
                                          R"({"needed":1,"with default":3})",
                                          R"({"needed":1,                                    "maybe":2})",
                                          R"({"needed":1,"maybe"                                :2})",
                                          R"({})",
                                          R"([1,2])"};
  JsonReader reader;
  const auto read = [](const std::string& text, JsonReader& json) {
    json.open(text);
    std::string seen;
    StructReader fields(json, kFields, Unknown::Skip);
    for (int field; (field = fields.next()) >= 0;) {
      uint64_t value = 0;
      if (!json.read_u64(value)) break;
      if (!fields.positional()) seen += std::string(fields.key().view) + " ";
      seen += std::to_string(field) + "=" + std::to_string(value) + " ";
    }
    const bool valid = fields.complete() && json.finish();
    return valid ? seen : json.error_text();
  };
  for (const std::string& before : texts) {
    for (const std::string& text : texts) {
      read(before, reader);
      JsonReader fresh;
      EXPECT_EQ(read(text, reader), read(text, fresh)) << text << " after " << before;
    }
  }
}

// Dead letters have the place.
// What is between elements is compared with what was between those before.
TEST(JsonReaderTest, AListOfStringsIsReadLikeOneStringAfterTheOther) {
  const auto read = [](std::string_view text, bool at_once) {
    JsonReader reader;
    reader.open(text);
    std::vector<JsonString> strings;
    const auto add = [&]() -> JsonString& { return strings.emplace_back(); };
    const bool done = at_once ? reader.read_strings(add) : read_list(reader, [&] { return reader.read_string(add()); });
    std::string shown = done && reader.finish() ? "" : reader.error_text();
    for (const JsonString& one : strings) shown += "|" + std::string(one.view) + (one.plain ? "" : "!");
    return shown;
  };
  const std::string wide(40, ' ');
  for (const std::string& text : std::vector<std::string>{"[]",
                                                          " [ ] ",
                                                          R"(["a"])",
                                                          R"(["a","b"])",
                                                          R"(["a","b","c","d"])",
                                                          R"(["a", "b", "c" ,"d","e", "f"])",
                                                          "[\n  \"a\",\n  \"b\",\n  \"c\"\n]",
                                                          "[\"a\"," + wide + "\"b\"," + wide + "\"c\"]",
                                                          R"(["\n","\u00e9","c","d\\","e"])",
                                                          "[\"\xc3\xa9\",\"\xc3\xa9\",\"\xc3\xa9\"]",
                                                          R"(["a","b","\x"])",
                                                          R"(["a","b","\xc3"])",
                                                          R"(["a","b",])",
                                                          R"(["a","b","c",])",
                                                          R"(["a","b",1])",
                                                          R"(["a","b","c",1])",
                                                          R"(["a","b","c""d"])",
                                                          R"(["a","b","c" "d"])",
                                                          R"(["a","b","c"})",
                                                          R"(["a","b","c)",
                                                          R"(["a","b","c")",
                                                          R"(["a","b",)",
                                                          R"(["a")",
                                                          "[",
                                                          "[,",
                                                          "\"a\"",
                                                          "",
                                                          R"(["a",,"b"])",
                                                          "[\"a\",\"b\",\"c\x01\"]"}) {
    EXPECT_EQ(read(text, true), read(text, false)) << text;
  }
}

TEST(JsonEscapesTest, EachReaderSaysWhichEscapeIsWrong) {
  struct Case {
    std::string_view text;
    std::string_view what;
    size_t read;
    size_t checked;
    size_t python;
  };
  for (const Case& one : std::vector<Case>{{R"("ab\x")", "an unknown escape in a string", 4, 3, 4},
                                           {R"("\u12g4")", "\\u needs four hexadecimal digits", 3, 1, 5},
                                           {R"("\ud800\u12")", "\\u needs four hexadecimal digits", 7, 7, 11},
                                           {R"("\ud800x")", "a lone surrogate", 7, 7, 7},
                                           {R"("\udc00")", "a lone surrogate", 7, 7, 7},
                                           {R"("\ud800\u0041")", "a lone surrogate", 7, 7, 13}}) {
    JsonReader reader;
    JsonString text;
    reader.open(one.text);
    EXPECT_FALSE(reader.read_string(text));
    EXPECT_EQ(std::pair(std::string_view(reader.what()), reader.position()), std::pair(one.what, one.read));
    reader.open(one.text);
    EXPECT_FALSE(reader.check());
    EXPECT_EQ(std::pair(std::string_view(reader.what()), reader.position()), std::pair(one.what, one.checked));
    PythonJson python;
    EXPECT_EQ(python.read(one.text), nullptr);
    EXPECT_EQ(std::pair(std::string_view(python.what()), python.position()), std::pair(one.what, one.python));
  }
}

}  // namespace
}  // namespace freshet::processors
