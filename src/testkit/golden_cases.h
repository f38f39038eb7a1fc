// Messages with their expected results: the project's own (tests/golden/<Processor>/<name>.json), and other sets in the
// formats of tests/golden/README.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace freshet::testkit {

struct GoldenCase {
  std::string name;  // for failure messages
  std::string message;
  std::string result;   // "rows", "invalid", "skip" or "replacement"
  nlohmann::json rows;  // array; "<...>" and "NOW" match anything
  std::string key;      // of a replacement record
  int32_t partition = 0;
  int64_t offset = 1;
  int64_t timestamp_ms = 0;
  std::string storage;
  bool odd = false;  // no producer sends such messages; benchmarks skip the case
};

// All these functions throw if a file cannot be read.
std::vector<GoldenCase> own_cases(const std::filesystem::path& folder);
// <name>.message.json|protobuf with <name>.rows.json.
std::vector<GoldenCase> recorded_examples(const std::filesystem::path& folder);
// One case per line, gzipped.
std::vector<GoldenCase> mutated_cases(const std::filesystem::path& file, const std::string& storage);

// Parses rows (one JSON object per line, bare Infinity and NaN allowed) into an array.
nlohmann::json parse_rows(std::string_view text);
// Returns the place and kind of the first difference; empty = none. Integers are compared exactly, floats within two
// units in the last place, also inside texts; placeholders match anything.
std::string difference(const nlohmann::json& expected, const nlohmann::json& actual, const std::string& path = "");

}  // namespace freshet::testkit
