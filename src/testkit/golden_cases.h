// Messages with what must become of them: the project's own (tests/golden/<Processor>/<name>.json) and other sets in
// the formats that tests/golden/README.md describes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace freshet::testkit {

struct GoldenCase {
  std::string name;  // for the failure's text
  std::string message;
  std::string verdict;  // "rows", "invalid", "skip" or "replacement"
  nlohmann::json rows;  // array; in it "<...>" and "NOW" stand for anything
  std::string key;      // of a replacement
  int32_t partition = 0;
  int64_t offset = 1;
  int64_t timestamp_ms = 0;
  std::string storage;
  bool odd = false;  // no producer sends the like: no measure of speed
};

// All throw on a file that cannot be read: a test's own data is broken.
std::vector<GoldenCase> own_cases(const std::filesystem::path& folder);
// <name>.message.json|protobuf with <name>.rows.json.
std::vector<GoldenCase> recorded_examples(const std::filesystem::path& folder);
// One case a line, gzipped.
std::vector<GoldenCase> mutated_cases(const std::filesystem::path& file, const std::string& storage);

// Rows as text (one JSON object a line, bare Infinity and NaN allowed) to an array of rows.
nlohmann::json parse_rows(std::string_view text);
// Empty, or where and how `actual` is not what `expected` says: integers exactly, floats within two units in the last
// place, also where one was turned into text; expected placeholders match anything.
std::string difference(const nlohmann::json& expected, const nlohmann::json& actual, const std::string& path = "");

}  // namespace freshet::testkit
