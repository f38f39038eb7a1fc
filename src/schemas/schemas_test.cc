// Tests schemas in a directory.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "schemas/schema_folder.h"

namespace freshet::schemas {
namespace {

class SchemasTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::unique_ptr<SchemaValidator> open(const std::string& topic) {
    const auto factory = open_schema(folder_.string(), topic);
    EXPECT_TRUE(factory) << factory.error().text;
    return (*factory)();
  }

  std::filesystem::path folder_;
};

TEST_F(SchemasTest, AJsonSchemaValidatesPayloads) {
  write("events.schema.json", R"({"type":"object","required":["id"],"properties":{"id":{"type":"integer"},
        "kind":{"$ref":"#/definitions/kind"}},"definitions":{"kind":{"enum":["a","b"]}}})");
  const auto schema = open("events");
  EXPECT_EQ(schema->why_invalid(R"({"id":1,"kind":"a","more":[]})"), std::nullopt);
  EXPECT_NE(schema->why_invalid(R"({"kind":"a"})").value_or("").find("id"), std::string::npos);
  EXPECT_TRUE(schema->why_invalid(R"({"id":"x"})"));
  EXPECT_TRUE(schema->why_invalid(R"({"id":1,"kind":"c"})"));
  EXPECT_TRUE(schema->why_invalid("{"));
  EXPECT_TRUE(schema->why_invalid("\xff"));
  EXPECT_TRUE(schema->why_invalid(R"({"id":1,"deep":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"));
}

TEST_F(SchemasTest, ReferencesToOtherFilesAreReadFromTheFolder) {
  write("t.schema.json", R"({"properties":{"a":{"$ref":"file://common.json#/definitions/small"}}})");
  write("common.json", R"({"definitions":{"small":{"type":"integer","maximum":3}}})");
  const auto schema = open("t");
  EXPECT_FALSE(schema->why_invalid(R"({"a":3})"));
  EXPECT_TRUE(schema->why_invalid(R"({"a":4})"));
}

// The default executor of std::regex, which valijson uses, overflows the stack with texts of some thousand characters.
TEST_F(SchemasTest, AnExpressionIsMatchedWithATextOfAnyLength) {
  write("t.schema.json", R"({"properties":{"a":{"pattern":"^[a-z]*$"},"d":{"format":"date"}},
        "patternProperties":{"^(x|y)*$":{"type":"integer"}}})");
  const auto schema = open("t");
  const std::string letters(300'000, 'a');
  EXPECT_FALSE(schema->why_invalid(R"({"a":")" + letters + R"("})"));
  EXPECT_TRUE(schema->why_invalid(R"({"a":")" + letters + R"(1"})"));
  EXPECT_TRUE(schema->why_invalid(R"({"d":")" + std::string(300'000, '1') + R"(-01-01x"})"));
  EXPECT_TRUE(schema->why_invalid(R"({")" + std::string(300'000, 'x') + R"(":"no integer"})"));
}

TEST_F(SchemasTest, ASchemaThatRefersToItselfForTheSameValueIsRefused) {
  write("other.json", R"({"a":{"$ref":"t.schema.json#/definitions/b"}})");
  for (const char* endless :
       {R"({"$ref":"#"})", R"({"allOf":[{"type":"object"},{"$ref":"#"}]})", R"({"not":{"anyOf":[{"$ref":"#/not"}]}})",
        R"({"properties":{"a":{"$ref":"#/definitions/b"}},"definitions":{"b":{"$ref":"#/definitions/c"},
            "c":{"oneOf":[{"$ref":"#/definitions/b"}]}}})",
        R"({"dependencies":{"a":{"$ref":"#"}}})", R"({"definitions":{"b":{"$ref":"other.json#/a"}}})"}) {
    write("t.schema.json", endless);
    const auto factory = open_schema(folder_.string(), "t");
    ASSERT_FALSE(factory) << endless;
    EXPECT_NE(factory.error().text.find("refers to itself for the same value"), std::string::npos)
        << factory.error().text;
  }
  // These recursions end with the payload.
  write("t.schema.json", R"({"items":{"$ref":"#"},"properties":{"a":{"allOf":[{"$ref":"#"}]}}})");
  EXPECT_FALSE(open("t")->why_invalid(R"([[{"a":{"a":[]}}]])"));
  write("t.schema.json", std::string(1000, '[') + std::string(1000, ']'));
  EXPECT_FALSE(open_schema(folder_.string(), "t"));
}

TEST_F(SchemasTest, AProtobufTopicTakesWhatIsProtobuf) {
  write("items.proto", "syntax = \"proto3\";");
  const auto schema = open("items");
  EXPECT_FALSE(schema->why_invalid(""));
  EXPECT_FALSE(schema->why_invalid(std::string("\x08\x96\x01\x12\x03"
                                               "abc\x0b\x0c\x21",
                                               11) +
                                   std::string(8, '\0')));
  for (const std::string& bad : {std::string("\x08"),
                                 std::string("\x12\x05"
                                             "ab"),
                                 std::string("\x0b"), std::string("\x0c"), std::string("\x0f"),
                                 std::string("{\"a\":1}"), std::string(1, '\0')}) {
    EXPECT_TRUE(schema->why_invalid(bad)) << testing::PrintToString(bad);
  }
}

TEST_F(SchemasTest, WhatIsMissingAndWhatIsWrongAreTold) {
  const auto none = open_schema(folder_.string(), "nothing");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::Retry);
  write("broken.schema.json", "{");
  const auto broken = open_schema(folder_.string(), "broken");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::Fatal);
  write("dangling.schema.json", R"({"properties":{"a":{"$ref":"file://none.json"}}})");
  EXPECT_FALSE(open_schema(folder_.string(), "dangling"));
}

}  // namespace
}  // namespace freshet::schemas
