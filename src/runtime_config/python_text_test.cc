#include "runtime_config/python_text.h"

#include <gtest/gtest.h>

namespace freshet::runtime_config {
namespace {

TEST(PythonTextTest, ValuesAreTypedAsPythonDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"007", "7"},
      {"1e3", "1000.0"},
      {" 5 ", "5"},
      {"1_000", "1000"},
      {"inf", "inf"},
      {"-Infinity", "-inf"},
      {"NaN", "nan"},
      {"+7", "7"},
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"\t12\n", "12"},
      {"1__0", "1__0"},
      {"_1", "_1"},
      {"1_", "1_"},
      {"1_0.5", "10.5"},
      {"1e16", "1e+16"},
      {"123456789012345678", "123456789012345678"},
      {"00000000000000000000000000000000000000012", "12"},
      {"1e15", "1000000000000000.0"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {".5", "0.5"},
      {"5.", "5.0"},
      {"1e999", "inf"},
      {"1e-999", "0.0"},
      {"0x10", "0x10"},
      {"", ""},
      {"  ", "  "},
      {"in_order", "in_order"},
      {"true", "true"},
      {"1 2", "1 2"},
      {"e5", "e5"},
      {"--1", "--1"},
      {"infi", "infi"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(python_text(text), expected) << text;
}

}  // namespace
}  // namespace freshet::runtime_config
