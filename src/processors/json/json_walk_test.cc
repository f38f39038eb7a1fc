// The code that finds tokens 64 bytes at a time, compared with simple code; and the readers with each other.
#include "processors/json/json_walk.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json/json_reader.h"
#include "processors/json/json_syntax.h"
#include "processors/json/json_tree.h"
#include "processors/python/python_json.h"
#include "testkit/web_events.h"

namespace freshet::processors {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }
bool is_one_of(char c, std::string_view some) { return some.find(c) != std::string_view::npos; }

TEST(JsonTokensTest, ThePortableCodeIsAlwaysTested) {
  EXPECT_EQ(JsonTokens::codes().back().name, std::string_view("portable"));
}

// As json_tokens.h has it, one byte at a time.
std::vector<bool> tokens_of(std::string_view text) {
  std::vector<bool> tokens;
  bool in_string = false;
  bool escaped = false;
  bool after_other = false;
  for (const char c : text) {
    const bool quote = c == '"' && !escaped;
    const bool other = !in_string && !quote && !is_one_of(c, "{}[]:, \t\n\r");
    if (quote) in_string = !in_string;
    tokens.push_back(quote || (in_string ? is_control(c) || (c == '\\' && !escaped)
                                         : is_one_of(c, "{}[]:,") || (other && (!after_other || is_control(c)))));
    escaped = c == '\\' && !escaped;
    after_other = other;
  }
  return tokens;
}

TEST(JsonTokensTest, EveryMachinesCodeFindsThoseThatSimpleCodeFinds) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(256, 'a');
    const uint64_t rare = 1 + random() % 10;
    for (char& c : text) {
      if (random() % rare == 0) c = "\"\"\\\\\\{}[]:, \t\n\r1\x01\x1f\xc3\xfa;"[random() % 21];
    }
    const std::vector<bool> expected = tokens_of(text);
    for (const JsonTokens::Code& code : JsonTokens::codes()) {
      JsonTokens tokens(code);
      for (size_t block = 0; block < text.size(); block += JsonTokens::kBlock) {
        const uint64_t found = tokens.of(text.data() + block);
        for (size_t at = 0; at < JsonTokens::kBlock; ++at)
          ASSERT_EQ((found >> at & 1) != 0, expected[block + at]) << code.name << block + at << " " << text;
      }
    }
  }
}

TEST(JsonTokensTest, EveryByteOutsideOfStringsIsWhiteSpaceOrAToken) {
  for (const JsonTokens::Code& code : JsonTokens::codes()) {
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      const std::string text = "," + std::string(1, c) + std::string(62, ' ');
      EXPECT_EQ(JsonTokens(code).of(text.data()), is_one_of(c, " \t\n\r") ? 1u : 3u) << code.name << " " << byte;
      const std::string inside = "\"" + std::string(1, c) + "\"" + std::string(61, ' ');
      const uint64_t quotes = c == '\\' ? 1 : c == '"' ? 7 : 5;
      const uint64_t found = JsonTokens(code).of(inside.data());
      EXPECT_EQ(found & 7, quotes | (is_control(c) || c == '\\' ? 2 : 0)) << code.name << " " << byte;
    }
  }
}

TEST(JsonTokensTest, BytesThatAreNotAsciiAreRemembered) {
  for (const JsonTokens::Code& code : JsonTokens::codes()) {
    std::string text(192, 'a');
    text[70] = '\x80';
    JsonTokens tokens(code);
    tokens.of(text.data());
    EXPECT_FALSE(tokens.high());
    tokens.of(text.data() + 64);
    tokens.forget_high();
    EXPECT_TRUE(tokens.high());
    tokens.of(text.data() + 128);
    EXPECT_TRUE(tokens.high());
    tokens.forget_high();
    EXPECT_FALSE(tokens.high());
  }
}

TEST(JsonTokensTest, PlainBlocksOfALongStringArePassedAtOnce) {
  for (size_t size = 64; size < 400; ++size) {
    const std::string text = std::string(size, 'a') + "\"" + std::string(80, ' ');
    JsonTokens tokens;
    tokens.of(("\"" + std::string(63, 'a')).data());
    ASSERT_EQ(tokens.of(text.data()), 0u);
    const auto passed = static_cast<size_t>(tokens.pass_plain(text.data()) - text.data());
    ASSERT_EQ(passed % JsonTokens::kBlock, 0u);
    ASSERT_EQ(passed / JsonTokens::kBlock, size / JsonTokens::kBlock - 1) << size;
    EXPECT_EQ(tokens.of(text.data() + passed + JsonTokens::kBlock), uint64_t{1} << size % 64) << size;
    EXPECT_FALSE(tokens.high());
    const std::string high = std::string(64, 'a') + "\xc3\xa9" + text;
    tokens.pass_plain(high.data());
    EXPECT_TRUE(tokens.high());
  }
}

// White space of any length before some of the tokens.
std::string spread(const std::string& text, std::mt19937_64& random) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!in_string && is_one_of(text[i], "{}[]:,\"") && random() % 4 == 0)
      out.append(random() % 80, " \n"[random() % 2]);
    out += text[i];
    if (text[i] == '\\') {
      out += text[++i];
    } else if (text[i] == '"') {
      in_string = !in_string;
    }
  }
  return out;
}

std::string damaged(std::string text, std::mt19937_64& random) {
  constexpr std::string_view kBytes = "{}[]\",:\\ \n\t0123456789-+.tfnu\x01\x7f\xc3\xa9\xff";
  for (uint64_t edits = random() % 3; edits > 0; --edits) {
    const size_t at = random() % text.size();
    const char c = kBytes[random() % kBytes.size()];
    if (const uint64_t kind = random() % 3; kind == 0) {
      text[at] = c;
    } else if (kind == 1) {
      text.insert(at, 1, c);
    } else {
      text.erase(at, 1 + random() % 3);
    }
  }
  return text;
}

// Where a reader is after one value; none if it is invalid.
std::optional<size_t> end_of(JsonReader& reader) {
  if (reader.failed()) return std::nullopt;
  return reader.position();
}

// JsonTree reads field by field, so it does not use the code that passes whole values.
TEST(JsonWalkTest, AllReadersAgreeOnDamagedDocuments) {
  std::mt19937_64 random(9);
  testkit::WebEvents events(5, 300);
  JsonReader reader;
  JsonTree tree;
  PythonJson python;
  JsonSyntax syntax;
  int valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = events.valid(static_cast<uint64_t>(i), 1'790'000'000'000);
    text.insert(1, R"("e":[{"\\\"":"\\","x\u00e9\n":[],"caf\u00e9 \ud83d\ude00":{}},[[1.5e3,-0,null]],"é"],)");
    if (i % 3 == 0) text.insert(1, R"("long":")" + std::string(random() % 300, 'x') + R"(",)");
    text = damaged(i % 2 == 0 ? text : spread(text, random), random);
    reader.open(text);
    tree.read(reader);
    const std::optional<size_t> end = end_of(reader);
    reader.open(text);
    reader.check();
    ASSERT_EQ(end_of(reader), end) << text;
    reader.open(text);
    const bool skipped = reader.skip();
    ASSERT_TRUE(skipped || !end) << text;
    reader.open(text);
    const bool whole = reader.check() && reader.finish();
    ASSERT_EQ(python.read(text) != nullptr, whole) << text;
    const JsonCheck checked = syntax.check(text);
    ASSERT_TRUE(!whole || text.find_first_not_of(" \n") != text.find('{') || (!checked.error && checked.objects == 1))
        << text;
    valid += whole ? 1 : 0;
  }
  EXPECT_GT(valid, 5'000);
  EXPECT_LT(valid, 19'000);
}

}  // namespace
}  // namespace freshet::processors
