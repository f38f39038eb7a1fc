#include "app/process_command.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/base64.h"
#include "app/rows_text.h"

namespace freshet::app {
namespace {

using nlohmann::json;

// Returns its input, so that the test sees that every field of the case arrives.
class EchoProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override {
    if (!message.payload) return ProcessResult::skip("tombstone");
    if (message.payload->empty()) return ProcessResult::invalid("empty", "no JSON \xff object");
    std::vector<HeaderView> headers;
    message.headers(headers);
    rows += json{{"partition", context.partition.value}, {"offset", message.offset.value},
                 {"timestamp", message.timestamp_ms},    {"payload", *message.payload},
                 {"key", message.key.value_or("none")},  {"headers", headers.size()}}
                .dump(1);
    rows += "\n{\"b\":Infinity}\n";
    return ProcessResult::rows(2);
  }

 private:
  RowLayout layout_;
};

CaseRunner echo() {
  return CaseRunner([](const std::string&) { return std::make_unique<EchoProcessor>(); }, "t");
}

std::string run(const json& input) { return echo().run(input.dump()); }

TEST(ProcessCommandTest, RowsAreOneArrayOnOneLine) {
  const std::string out = run({{"message", to_base64("hey")},
                               {"partition", 3},
                               {"offset", 9},
                               {"timestamp_ms", 5},
                               {"key", to_base64("k")},
                               {"headers", json::array({json::array({"h", to_base64("v")})})},
                               {"storage", ""}});
  EXPECT_EQ(out.find('\n'), std::string::npos);
  EXPECT_NE(out.find(",{\"b\":Infinity}]}"), std::string::npos) << out;
  ASSERT_FALSE(split_rows(out.substr(out.find('[') + 1)).empty());
  const std::string first = std::string(split_rows(out.substr(out.find('[') + 1))[0]);
  EXPECT_EQ(
      json::parse(first),
      (json{{"partition", 3}, {"offset", 9}, {"timestamp", 5}, {"payload", "hey"}, {"key", "k"}, {"headers", 1}}));
}

TEST(ProcessCommandTest, RowsOfABinaryFormatAreBase64) {
  EXPECT_EQ(rows_as_json_array({RowFormat::RowBinary, {"a"}}, "hey\n"), "[\"" + to_base64("hey\n") + "\"]");
}

TEST(ProcessCommandTest, SkippedAndInvalidMessagesSayWhy) {
  EXPECT_EQ(json::parse(run({{"message", nullptr}})),
            (json{{"result", "skip"}, {"rows", json::array()}, {"reason", "tombstone"}}));
  EXPECT_EQ(json::parse(run({{"message", ""}})).at("result"), "invalid");
}

TEST(ProcessCommandTest, ALineThatIsNoCaseIsAnsweredWithAnError) {
  EXPECT_TRUE(json::parse(echo().run("nonsense")).contains("error"));
  EXPECT_TRUE(json::parse(echo().run(R"({"message":"*"})")).contains("error"));
  for (const char* line : {"nonsense", "5", "null", "[]", R"({"a":1})", "\"text\""}) {  // what people try first
    const std::string said = json::parse(echo().run(line)).at("error");
    EXPECT_NE(said.find(R"({"message": "eyJhIjoxfQ=="})"), std::string::npos) << line << ": " << said;
  }
  for (const char* line : {R"({"message":null,"partition":"x"})", R"({"message":null,"headers":[1]})"}) {
    const std::string said = json::parse(echo().run(line)).at("error");
    EXPECT_NE(said.find("a field of the line"), std::string::npos) << line << ": " << said;
  }
}

TEST(ProcessCommandTest, ACaseOfAnotherStorageGetsAProcessorOfItsOwn) {
  std::vector<std::string> storages;
  CaseRunner runner(
      [&](const std::string& storage) {
        storages.push_back(storage);
        return std::make_unique<EchoProcessor>();
      },
      "t");
  for (const char* storage : {"a", "a", "b"}) runner.run(json{{"message", nullptr}, {"storage", storage}}.dump());
  EXPECT_EQ(storages, (std::vector<std::string>{"a", "b"}));
}

TEST(Base64Test, GivesBackEveryLength) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"}) EXPECT_EQ(from_base64(to_base64(text)), text);
  EXPECT_EQ(from_base64("abc"), std::nullopt);
  EXPECT_EQ(from_base64("####"), std::nullopt);
}

}  // namespace
}  // namespace freshet::app
