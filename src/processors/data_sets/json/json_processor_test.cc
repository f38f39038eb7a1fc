#include "processors/data_sets/json/json_processor.h"

#include <gtest/gtest.h>

#include "processors/registry.h"
#include "testkit/fake_clock.h"

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

// --- Rows in the types of the table ---------------------------------------------------------------------------------

struct TypedJsonTest : testing::Test {
  Answer run(std::string_view payload, const JsonSettings& settings = {}) {
    if (!processor) processor = std::make_unique<JsonProcessor>(settings, &table, wanted);
    Message message;
    message.offset = Offset{42};
    message.timestamp_ms = 1'790'000'000'123;
    message.payload = payload;
    const MessageContext context{"events", Partition{3}};
    processor->begin_chunk(context, {});
    Answer answer;
    answer.result = processor->process(context, message, answer.rows);
    return answer;
  }
  // "" if the rows are JSONEachRow.
  std::string typed(std::string_view payload) {
    const Answer answer = run(payload);
    EXPECT_EQ(answer.result.kind, ProcessResult::Kind::Rows);
    EXPECT_NE(answer.result.json_each_row, !answer.result.rows_are_payload);
    if (!answer.result.json_each_row) return answer.rows;
    EXPECT_EQ(answer.rows, std::string(payload) + "\n");
    return "";
  }

  Snapshot<TableColumns> table{
      {{{"a", "UInt8"}, {"b", "String", false, "'x'"}, {"c", "Nullable(UInt8)"}}, true, "UTC", true, true}};
  testkit::FakeClock clock;
  std::shared_ptr<WantedColumns> wanted = std::make_shared<WantedColumns>(clock);
  std::unique_ptr<JsonProcessor> processor;
};

TEST_F(TypedJsonTest, RowsHaveTheColumnsInTheOrderOfTheTable) {
  EXPECT_EQ(typed(R"({"a":1,"b":"y","c":2})"), std::string("\1\1y\0\2", 5));
  EXPECT_EQ(typed(R"({"c":null,"b":"","a":1})"), std::string("\1\0\1", 3));
  EXPECT_EQ(typed(R"({"a":1}{"a":2})"), std::string("\1\1x\1\2\1x\1", 8));
  EXPECT_EQ(processor->layout(),
            (RowLayout{RowFormat::Native, {"a", "b", "c"}, {"UInt8", "String", "Nullable(UInt8)"}}));
}

TEST_F(TypedJsonTest, MissingKeysAndNullAreTheDefault) {
  EXPECT_EQ(typed(R"({"a":null,"b":null})"), std::string("\0\1x\1", 4));
  TableColumns strict = *table.get();
  strict.null_as_default = false;
  table.set(strict);
  EXPECT_EQ(typed(R"({"a":null})"), "");
  EXPECT_NE(typed(R"({"b":"","c":null})"), "");
}

TEST_F(TypedJsonTest, OneRowWithoutAnExactFormMakesTheMessageJson) {
  for (const char* text : {R"({"a":1}{"a":256})", R"({"a":1,"a":2})", R"({"a":1,"\u0062":"y"})", R"({"A":1,"b":"y"})",
                           R"({"x":1})", "{}", R"({"a":1,"x":"\ud800"})"}) {
    EXPECT_EQ(typed(text), "") << text;
  }
  EXPECT_NE(typed(R"({"a":1,"x":"\n","x":[{}]})"), "");
}

TEST_F(TypedJsonTest, AnUnknownKeyIsJsonIfTheServerRejectsIt) {
  TableColumns strict = *table.get();
  strict.skips_unknown_fields = false;
  table.set(strict);
  EXPECT_EQ(typed(R"({"a":1,"x":1})"), "");
  EXPECT_NE(typed(R"({"a":1})"), "");
}

TEST_F(TypedJsonTest, MessagesAreCheckedAsBefore) {
  for (const char* text : {"", "[]", R"({"a":)", "{\"b\":\"\xff\"}", R"({"a":1} x)", R"({"a":01})"}) {
    const Answer answer = run(text);
    const Answer before = processors::run({}, text);
    EXPECT_EQ(answer.result.kind, ProcessResult::Kind::Invalid) << text;
    EXPECT_EQ(std::string_view(answer.result.code), before.result.code) << text;
    EXPECT_EQ(answer.result.text, before.result.text);
  }
}

TEST_F(TypedJsonTest, ColumnsOfOtherTypesAreLeftOut) {
  table.set({{{"a", "UInt8"}, {"e", "Enum8('x' = 1)"}, {"m", "UInt8", true}}, true, "UTC", true, true});
  EXPECT_EQ(typed(R"({"a":1,"m":2})"), "\1");
  EXPECT_EQ(processor->layout().columns, std::vector<std::string>({"a"}));
  EXPECT_EQ(typed(R"({"a":1,"e":"x"})"), "");
  table.set({{{"e", "Enum8('x' = 1)"}}, true, "UTC", true, true});
  EXPECT_TRUE(run(R"({"e":"x"})").result.rows_are_payload);
  EXPECT_EQ(processor->layout(), RowLayout());
}

TEST_F(TypedJsonTest, ADefaultOfTheServersIsLeftOutUntilAMessageHasTheColumn) {
  table.set({{{"a", "UInt8"}, {"at", "DateTime", false, "now()"}}, true, "UTC", true, true});
  EXPECT_EQ(typed(R"({"a":1})"), "\1");
  EXPECT_EQ(typed(R"({"a":1,"at":2})"), "");
  EXPECT_EQ(typed(R"({"a":1,"at":2})"), std::string("\1\2\0\0\0", 5));
  EXPECT_EQ(typed(R"({"a":1})"), "");
  // Another processor of the stream has the same columns.
  JsonProcessor other({}, &table, wanted);
  other.begin_chunk({"events", Partition{3}}, {});
  EXPECT_EQ(other.layout(), processor->layout());
}

// Messages without the column would be JSONEachRow until the end of the process.
TEST_F(TypedJsonTest, ADefaultOfTheServersThatNoMessageHasAnyMoreIsLeftOutAgain) {
  table.set({{{"a", "UInt8"}, {"at", "DateTime", false, "now()"}}, true, "UTC", true, true});
  EXPECT_EQ(typed(R"({"a":1,"at":2})"), "");
  for (int minute = 0; minute < 30; ++minute) {
    EXPECT_NE(typed(R"({"a":1,"at":2})"), "") << minute;
    clock.advance(std::chrono::minutes(1));
  }
  JsonProcessor idle({}, &table, wanted);
  idle.begin_chunk({"events", Partition{3}}, {});
  EXPECT_EQ(idle.layout().columns.size(), 2u);
  for (int minute = 0; minute < 9; ++minute) {
    EXPECT_EQ(typed(R"({"a":1})"), "") << minute;
    clock.advance(std::chrono::minutes(1));
  }
  EXPECT_EQ(typed(R"({"a":1})"), "");
  clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(typed(R"({"a":1})"), "\1");
  idle.begin_chunk({"events", Partition{3}}, {});
  EXPECT_EQ(idle.layout(), processor->layout());
  EXPECT_EQ(typed(R"({"a":1,"at":2})"), "") << "and is wanted again";
  EXPECT_NE(typed(R"({"a":1,"at":2})"), "");
}

TEST_F(TypedJsonTest, ExactlyOnceTheColumnsDoNotDependOnEarlierMessages) {
  wanted = nullptr;
  table.set({{{"a", "UInt8"}, {"at", "DateTime", false, "now()"}}, true, "UTC", true, true});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(typed(R"({"a":1,"at":2})"), "");
    EXPECT_EQ(typed(R"({"a":1})"), "\1");
  }
}

TEST_F(TypedJsonTest, ALargeMessageIsJson) {
  for (const size_t size : {TypedObjects::kMostBytes / 2, TypedObjects::kMostBytes}) {
    const std::string text = R"({"a":1,"b":")" + std::string(size, 'x') + R"("})";
    EXPECT_EQ(typed(text).empty(), size == TypedObjects::kMostBytes);
  }
  std::string many;  // of few bytes each, but with a large default
  table.set({{{"a", "UInt8"}, {"f", "FixedString(1000000)"}}, true, "UTC", true, true});
  for (int i = 0; i < 4; ++i) many += R"({"a":1})";
  EXPECT_NE(typed(many), "");
  EXPECT_EQ(typed(many + R"({"a":1})"), "");
}

TEST_F(TypedJsonTest, NullWantsNoDefaultOfTheServers) {
  table.set({{{"a", "UInt8"}, {"at", "DateTime", false, "now()"}}, true, "UTC", true, true});
  EXPECT_EQ(typed(R"({"a":1,"at":null})"), "");
  EXPECT_EQ(typed(R"({"a":1})"), "\1");
}

// The server would fill the array that is left out up to the size of the other one.
TEST_F(TypedJsonTest, ArraysOfANestedAreWrittenTogetherOrNotAtAll) {
  table.set({{{"a", "UInt8"}, {"n.kind", "Array(Enum8('x' = 1))"}, {"n.v", "Array(String)"}}, true, "UTC", true, true});
  EXPECT_EQ(typed(R"({"a":1})"), std::string("\1\0", 2));
  EXPECT_EQ(typed(R"({"a":1,"n.v":["p"]})"), "");
}

TEST_F(TypedJsonTest, AMetadataColumnMayHaveADefaultOfTheServers) {
  table.set({{{"a", "UInt8"}, {"off", "UInt8", false, "rand() % 2"}}, true, "UTC", true, true});
  JsonSettings settings;
  settings.offset_column = "off";
  processor = std::make_unique<JsonProcessor>(settings, &table, nullptr);
  EXPECT_EQ(run(R"({"a":1})").rows, "\1\x2a");
}

TEST_F(TypedJsonTest, MetadataAndChosenFields) {
  table.set({{{"off", "UInt16"}, {"at", "DateTime64(3, 'UTC')"}, {"b", "String"}}, true, "UTC", true, true});
  JsonSettings settings;
  settings.offset_column = "off";
  settings.timestamp_column = "at";
  settings.fields = {{"x", "b"}, {"y", "none"}};
  const Answer answer = run(R"({"x":"1","y":2,"b":[],"\u007a":0})", settings);
  EXPECT_TRUE(answer.result.json_each_row);  // a name with escapes
  const Answer exact = run(R"({"x":"1","y":2,"b":[],"off":0})", settings);
  EXPECT_FALSE(exact.result.json_each_row);
  EXPECT_EQ(exact.rows.size(), 2 + 8 + 2u);
  EXPECT_TRUE(exact.rows.starts_with(std::string("\x2a\0", 2)));
}

TEST(ObjectKeysTest, UnknownKeysAreRememberedUpToALimit) {
  ObjectKeys keys(KeyTarget::Kind::Skipped);
  keys.add("a", {KeyTarget::Kind::Column, 7});
  keys.add_spelling("a");
  for (int round = 0; round < 3; ++round) {
    keys.begin_object();
    for (int i = 0; i < 3000; ++i) {
      EXPECT_EQ(keys.find("key" + std::to_string(i)).kind, KeyTarget::Kind::Skipped);
      EXPECT_EQ(keys.find("a").index, 7u);
    }
    EXPECT_EQ(keys.find("A").kind, KeyTarget::Kind::Json);
    EXPECT_EQ(keys.find("\\u0061").kind, KeyTarget::Kind::Json);
    EXPECT_EQ(keys.find("").kind, KeyTarget::Kind::Skipped);
    EXPECT_EQ(keys.find(std::string(1000, 'x')).kind, KeyTarget::Kind::Skipped);
  }
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
