#include "processors/data_sets/json_processor.h"

#include <gtest/gtest.h>

#include "processors/registry.h"

namespace freshet::processors {
namespace {

class FixedHeaders final : public MessageMemory {
 public:
  explicit FixedHeaders(std::vector<HeaderView> headers) : headers_(std::move(headers)) {}
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>& out) const override { out = headers_; }

 private:
  std::vector<HeaderView> headers_;
};

struct Answer {
  ProcessResult result;
  std::string rows;
};

Answer run(const JsonSettings& settings, std::optional<std::string_view> payload,
           std::optional<std::string_view> key = std::nullopt, std::vector<HeaderView> headers = {}) {
  const FixedHeaders memory(std::move(headers));
  Message message(&memory, nullptr, &memory);
  message.offset = Offset{42};
  message.timestamp_ms = 1'790'000'000'123;
  message.key = key;
  message.payload = payload;
  JsonProcessor processor(settings);
  Answer answer;
  answer.result = processor.process({"events", Partition{3}}, message, answer.rows);
  return answer;
}

TEST(JsonProcessorTest, BytesPassUnchanged) {
  const Answer one = run({}, R"( {"b" : 1.0 ,"a":"\u0041"})");
  EXPECT_EQ(one.rows, " {\"b\" : 1.0 ,\"a\":\"\\u0041\"}\n");
  EXPECT_TRUE(one.result.rows_are_payload);
  EXPECT_EQ(one.result.row_count, 1u);
  EXPECT_EQ(run({}, "{}\n{}{}").result.row_count, 3u);
}

TEST(JsonProcessorTest, NullPayloadsAreSkippedAndOthersAreInvalid) {
  EXPECT_EQ(run({}, std::nullopt).result.kind, ProcessResult::Kind::Skip);
  for (const auto& [text, code] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"", "not_an_object"},
                                                                            {"[]", "not_an_object"},
                                                                            {R"({"a":)", "invalid_json"},
                                                                            {"{\"a\":\"\xff\"}", "invalid_utf8"},
                                                                            {R"({"a":1} x)", "not_an_object"}}) {
    const Answer answer = run({}, text);
    EXPECT_EQ(answer.result.kind, ProcessResult::Kind::Invalid) << text;
    EXPECT_EQ(answer.result.code, code) << text;
    EXPECT_NE(answer.result.text.find("at byte "), std::string::npos) << answer.result.text;
  }
}

TEST(JsonProcessorTest, MetadataColumnsWinOverFieldsOfTheirName) {
  JsonSettings settings;
  settings.topic_column = "_topic";
  settings.partition_column = "_partition";
  settings.offset_column = "_offset";
  settings.timestamp_column = "_time";
  settings.key_column = "_key";
  settings.header_columns = {{"trace", "_trace"}, {"none", "_none"}};
  const Answer answer = run(settings, R"({"a":1,"_offset":7}{})", "k\"1", {{"trace", "x"}, {"trace", "y"}});
  const std::string metadata =
      R"("_topic":"events","_partition":3,"_offset":42,"_time":"2026-09-21 14:13:20.123","_key":"k\"1","_none":null,"_trace":"y")";
  EXPECT_EQ(answer.rows, R"({"a":1,)" + metadata + "}\n{" + metadata + "}\n");
  EXPECT_FALSE(answer.result.rows_are_payload);
  EXPECT_EQ(std::string_view(run(settings, "{}", "\xff").result.code), "key_not_utf8");
}

TEST(JsonProcessorTest, FieldsAreChosenAndRenamed) {
  JsonSettings settings;
  settings.fields = {{"a", "alpha"}, {"c", "c"}};
  EXPECT_EQ(run(settings, R"({"\u0061":[1, 2],"b":2,"c":null})").rows, "{\"alpha\":[1, 2],\"c\":null}\n");
  EXPECT_EQ(run(settings, R"({"b":2})").rows, "{}\n");
}

TEST(JsonProcessorTest, RequiredFieldsMustBeThereInEveryObject) {
  JsonSettings settings;
  settings.required_fields = {"id"};
  EXPECT_EQ(run(settings, R"({"id":1}{"id":"x"})").result.kind, ProcessResult::Kind::Rows);
  EXPECT_TRUE(run(settings, R"({"id":1})").result.rows_are_payload);
  EXPECT_EQ(std::string_view(run(settings, R"({"id":1}{"id":null})").result.code), "missing_field");
  EXPECT_EQ(std::string_view(run(settings, R"({"x":{"id":1}})").result.code), "missing_field");
}

TEST(JsonProcessorTest, OfARequiredFieldThatOccursTwiceTheLastValueCounts) {
  JsonSettings settings;
  settings.required_fields = {"a"};
  for (const char* text : {R"({"a":1,"a":null})", R"({"a":1,"b":2,"\u0061":null})", R"({"a":2}{"a":1,"a":null})"}) {
    EXPECT_EQ(std::string_view(run(settings, text).result.code), "missing_field") << text;
  }
  for (const char* text : {R"({"a":null,"a":1})", R"({"a":1}{"a":null,"\u0061":0})"}) {
    EXPECT_EQ(run(settings, text).result.kind, ProcessResult::Kind::Rows) << text;
  }
}

// Searching all fields for each object would take 10^12 steps.
TEST(JsonProcessorTest, ManyObjectsOfOneMessageAreRead) {
  constexpr size_t kMany = 1'000'000;
  std::string payload;
  for (size_t i = 0; i < kMany; ++i) payload += R"({"a":1})";
  JsonSettings settings;
  settings.required_fields = {"a"};
  settings.fields = {{"a", "b"}};
  const Answer answer = run(settings, payload);
  EXPECT_EQ(answer.result.row_count, kMany);
  EXPECT_EQ(answer.rows.size(), kMany * 8);
  EXPECT_TRUE(answer.rows.ends_with("{\"b\":1}\n"));
}

TEST(RegistryTest, AnUnknownProcessorIsRefusedWithTheNamesThatThereAre) {
  ProcessorsSettings settings;
  RealClock clock;
  Metrics metrics;
  EXPECT_TRUE(make_factory(settings, {&clock, &metrics}));
  settings.processor = "jsno";
  const auto refused = make_factory(settings, {&clock, &metrics});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("json"), std::string::npos);
}

}  // namespace
}  // namespace freshet::processors
