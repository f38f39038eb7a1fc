#include "testkit/golden_cases.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace freshet::testkit {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string read_gzip(const fs::path& path) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::string text;
  char part[65536];
  for (int size = 0; (size = gzread(file.get(), part, sizeof part)) > 0;) text.append(part, static_cast<size_t>(size));
  return text;
}

std::string from_base64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) throw std::runtime_error("no base64: " + text.substr(0, 40));
  const auto padding =
      static_cast<size_t>(std::count(text.end() - std::min<ptrdiff_t>(2, std::ssize(text)), text.end(), '='));
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

std::vector<std::string> strings_of(const json& value) {
  if (value.is_array()) return value.get<std::vector<std::string>>();
  return {value.get<std::string>()};
}

std::vector<std::string> messages_of(const json& file, const std::string& text_of_file) {
  if (file.contains("base64")) {
    std::vector<std::string> messages = strings_of(file.at("base64"));
    for (std::string& message : messages) message = from_base64(message);
    return messages;
  }
  if (file.contains("text")) return strings_of(file.at("text"));
  return {nlohmann::ordered_json::parse(text_of_file).at("message").dump()};  // in the file's order of fields
}

std::vector<fs::path> sorted_files(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Replaces literals that Snuba writes but JSON does not have by unique texts.
std::string with_named_literals(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    const std::string_view rest = text.substr(i);
    if (!in_string && (rest.starts_with("Infinity") || rest.starts_with("-Infinity") || rest.starts_with("NaN"))) {
      const std::string_view word =
          rest.substr(0, rest.find('y') == std::string_view::npos || c == 'N' ? 3 : rest.find('y') + 1);
      out += fmt::format("\"the literal {}\"", word);
      i += word.size() - 1;
      continue;
    }
    out += c;
  }
  return out;
}

// Distance in units in the last place; UINT64_MAX for different signs and NaN.
uint64_t ulps(double a, double b) {
  if (a == b) return 0;
  if (!std::isfinite(a) || !std::isfinite(b) || std::signbit(a) != std::signbit(b)) return UINT64_MAX;
  const auto x = std::bit_cast<int64_t>(a);
  const auto y = std::bit_cast<int64_t>(b);
  return static_cast<uint64_t>(x > y ? x - y : y - x);
}

bool is_placeholder(const json& expected) {
  if (!expected.is_string()) return false;
  const auto& text = expected.get_ref<const std::string&>();
  if (text == "deadbeef-dead-4eef-8ead-beefdeadbeef") return true;  // the recorded mutations' random UUID
  return text == "NOW" || (text.size() > 2 && text.front() == '<' && text.back() == '>');
}

bool is_number_char(char c) {
  return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

// Compares floating-point literals within a text as numbers, everything else byte by byte.
bool same_text(std::string_view a, std::string_view b) {
  if (a == b) return true;
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (a[i] == b[j] && !is_number_char(a[i])) {
      ++i;
      ++j;
      continue;
    }
    double x = 0;
    double y = 0;
    const auto p = std::from_chars(a.data() + i, a.data() + a.size(), x);
    const auto q = std::from_chars(b.data() + j, b.data() + b.size(), y);
    const std::string_view s(a.data() + i, static_cast<size_t>(p.ptr - a.data()) - i);
    const std::string_view t(b.data() + j, static_cast<size_t>(q.ptr - b.data()) - j);
    if (s.empty() || t.empty()) {
      if (a[i] != b[j]) return false;
      ++i;
      ++j;
      continue;
    }
    const bool floats =
        s.find_first_of(".eE") != std::string_view::npos && t.find_first_of(".eE") != std::string_view::npos;
    if (floats ? ulps(x, y) > 2 : s != t) return false;
    i += s.size();
    j += t.size();
  }
  return i == a.size() && j == b.size();
}

std::string shown(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 300);
}

}  // namespace

std::vector<GoldenCase> own_cases(const fs::path& folder) {
  std::vector<GoldenCase> cases;
  for (const fs::path& path : sorted_files(folder, ".json")) {
    const std::string text = read_file(path);
    const json file = json::parse(text);
    GoldenCase one;
    one.result = file.at("result").get<std::string>();
    one.rows = file.value("rows", json::array());
    one.key = file.value("key", "");
    one.partition = file.value("partition", 0);
    one.offset = file.value("offset", int64_t{1});
    one.timestamp_ms = file.value("timestamp_ms", int64_t{0});
    one.storage = file.value("storage", "");
    one.odd = file.value("odd", false);
    const std::vector<std::string> messages = messages_of(file, text);
    for (size_t i = 0; i < messages.size(); ++i) {
      one.name = path.filename().string();
      if (messages.size() > 1) one.name += fmt::format(" message {}", i + 1);
      one.message = messages[i];
      cases.push_back(one);
    }
  }
  return cases;
}

std::vector<GoldenCase> recorded_examples(const fs::path& folder) {
  std::vector<GoldenCase> cases;
  for (const fs::path& path : sorted_files(folder, ".rows.json")) {
    const std::string stem = path.string().substr(0, path.string().size() - std::string_view(".rows.json").size());
    GoldenCase one;
    one.name = fs::path(stem).filename().string();
    one.message = read_file(fs::exists(stem + ".message.json") ? stem + ".message.json" : stem + ".message.protobuf");
    one.result = "rows";
    one.rows = json::parse(with_named_literals(read_file(path)));
    cases.push_back(std::move(one));
  }
  return cases;
}

std::vector<GoldenCase> mutated_cases(const fs::path& file, const std::string& storage) {
  std::vector<GoldenCase> cases;
  const std::string text = read_gzip(file);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const json line = json::parse(text.substr(begin, end - begin));
    begin = end + 1;
    GoldenCase one;
    one.name = fmt::format("{} line {}", file.filename().string(), cases.size() + 1);
    one.message = from_base64(line.at("message").get<std::string>());
    one.result = line.at("verdict").get<std::string>();
    if (one.result == "crash") one.result = "invalid";
    if (line.contains("rows")) {
      one.rows = line.at("rows").is_string() ? parse_rows(line.at("rows").get<std::string>()) : line.at("rows");
    }
    one.key = line.value("key", "");
    one.partition = 3;
    one.offset = 9001;
    one.timestamp_ms = 1'715'933'360'000;
    one.storage = storage;
    cases.push_back(std::move(one));
  }
  return cases;
}

json parse_rows(std::string_view text) {
  json rows = json::array();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    rows.push_back(json::parse(with_named_literals(text.substr(begin, end - begin))));
    begin = end + 1;
  }
  return rows;
}

std::string difference(const json& expected, const json& actual, const std::string& path) {
  const auto differs = [&] { return fmt::format("{}: expected {}, is {}", path, shown(expected), shown(actual)); };
  if (is_placeholder(expected)) return "";
  if (expected.is_number() && actual.is_number()) {
    if (!expected.is_number_float() && !actual.is_number_float()) return expected == actual ? "" : differs();
    return ulps(expected.get<double>(), actual.get<double>()) <= 2 ? "" : differs();
  }
  if (expected.type() != actual.type()) return differs();
  if (expected.is_string()) {
    return same_text(expected.get_ref<const std::string&>(), actual.get_ref<const std::string&>()) ? "" : differs();
  }
  if (!expected.is_structured()) return expected == actual ? "" : differs();
  if (expected.is_array()) {
    if (expected.size() != actual.size()) return differs();
    for (size_t i = 0; i < expected.size(); ++i) {
      if (auto found = difference(expected[i], actual[i], fmt::format("{}[{}]", path, i)); !found.empty()) return found;
    }
    return "";
  }
  for (const auto& [key, value] : expected.items()) {
    if (!actual.contains(key)) return fmt::format("{}.{} is missing", path, key);
    if (auto found = difference(value, actual.at(key), path + "." + key); !found.empty()) return found;
  }
  for (const auto& [key, value] : actual.items()) {
    if (!expected.contains(key)) return fmt::format("{}.{} should not be there", path, key);
  }
  return "";
}

}  // namespace freshet::testkit
