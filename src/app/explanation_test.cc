#include "app/explanation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace freshet::app {
namespace {

using Outcome = ExplainedCheck::Outcome;

Explanation one_row() {
  Explanation of;
  of.message = "t 0:1: 9 bytes";
  of.checks = {{Outcome::Passed, "framing", "none"}, {Outcome::Passed, "processor json", "1 row"}};
  of.table = "d.t";
  of.row_count = 1;
  of.rows.resize(1);
  of.rows[0].columns = {{"id", "id", "UInt8", "300", "44", "it wraps"}};
  of.rows[0].defaults = {{"at", "DateTime", "DEFAULT now()", "\"2026-01-01 00:00:00\""}};
  of.rows[0].unplaced = {{"x", "left out"}};
  return of;
}

TEST(ExplanationTest, ARowIsShownColumnByColumn) {
  const std::string text = text_of(one_row());
  for (const char* part : {"row 1 of 1 for d.t", "  id     id      UInt8     300            44", "      it wraps",
                           "DEFAULT now()", "x: left out", "the message becomes 1 row"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  const auto json = nlohmann::json::parse(json_of(one_row()));
  EXPECT_EQ(json["becomes_rows"], true);
  EXPECT_EQ(json["rows"][0]["columns"][0]["stored"], 44);
  EXPECT_EQ(json["rows"][0]["defaults"][0]["source"], "DEFAULT now()");
}

TEST(ExplanationTest, OnlyARowThatTheTableTakesIsOne) {
  EXPECT_TRUE(one_row().becomes_rows());
  Explanation of = one_row();
  of.checks.push_back({Outcome::Failed, "processor json", "invalid"});
  EXPECT_FALSE(of.becomes_rows());
  of = one_row();
  of.rows[0].refusal = "Code: 27";
  EXPECT_FALSE(of.becomes_rows());
  EXPECT_NE(text_of(of).find("REFUSED: Code: 27"), std::string::npos);
  of = one_row();
  of.complete = false;
  EXPECT_FALSE(of.becomes_rows());
  of = one_row();
  of.row_count = 0;
  of.rows.clear();
  EXPECT_FALSE(of.becomes_rows());
}

TEST(ExplanationTest, TextOfTheMessageDoesNotReachTheTerminal) {
  Explanation of = one_row();
  of.rows[0].columns[0].field = "a\x1b[2J\nb";
  of.rows[0].columns[0].written = std::string(1000, 'x');
  const std::string text = text_of(of);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find(std::string(100, 'x')), std::string::npos) << "long values are cut";
  EXPECT_NE(json_of(of).find(std::string(1000, 'x')), std::string::npos);
}

TEST(ExplanationTest, AValueThatIsNoJsonIsItsText) {
  Explanation of = one_row();
  of.rows[0].columns[0].written = "Infinity";
  EXPECT_EQ(nlohmann::json::parse(json_of(of))["rows"][0]["columns"][0]["written"], "Infinity");
}

}  // namespace
}  // namespace freshet::app
