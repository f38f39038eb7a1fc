#include "http_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <set>
#include <stdexcept>

#include "base/city_hash.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::local_clickhouse {
namespace {

const std::set<std::string> kNoSettings = {
    "query",    "decompress", "compress",        "database",  "default_format",    "user",       "password",
    "query_id", "session_id", "session_timeout", "quota_key", "wait_end_of_query", "buffer_size"};

std::string quoted(const std::string& value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

size_t find_word(const std::string& text, const std::string& word) {
  std::string upper = text;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper.rfind(word);
}

}  // namespace

std::string decompress(std::string_view blocks) {
  for (std::string_view rest = blocks; !rest.empty();) {
    uint32_t size = 0;
    if (rest.size() >= 25) std::memcpy(&size, rest.data() + 17, sizeof size);
    if (rest.size() < 25 || size < 9 || rest.size() - 16 < size) {
      throw std::runtime_error("Code: 271. DB::Exception: Cannot decompress: a block is cut off. (CANNOT_DECOMPRESS)");
    }
    const Hash128 hash = city_hash_128(rest.substr(16, size));
    Hash128 sent;
    std::memcpy(&sent.low, rest.data(), 8);
    std::memcpy(&sent.high, rest.data() + 8, 8);
    if (hash.low != sent.low || hash.high != sent.high) {
      throw std::runtime_error(
          "Code: 40. DB::Exception: Checksum doesn't match: corrupted data. (CHECKSUM_DOESNT_MATCH)");
    }
    rest.remove_prefix(16 + size);
  }
  return testkit::decode_blocks(blocks);
}

std::string with_settings(const std::string& query, const std::string& data, const Parameters& parameters) {
  std::string settings;
  for (const auto& [name, value] : parameters) {
    if (kNoSettings.contains(name) || name.starts_with("param_")) continue;
    settings += fmt::format("{}{} = {}", settings.empty() ? " SETTINGS " : ", ", name, quoted(value));
  }
  std::string head = query;
  std::string tail = data;
  if (head.empty()) {
    head = data;
    tail.clear();
  }
  const size_t first = head.find_first_not_of(" \t\r\n(");
  const bool insert = first != std::string::npos && find_word(head.substr(first, 6), "INSERT") == 0;
  if (!insert) return settings.empty() || find_word(head, " SETTINGS ") != std::string::npos ? head : head + settings;
  // In an INSERT the clause stands before FORMAT; the data follows the format's name.
  const size_t format = find_word(head, " FORMAT ");
  if (format == std::string::npos) return head + settings;
  head.insert(format, settings);
  return tail.empty() ? head : head + "\n" + tail;
}

int exception_code(std::string_view error) {
  const size_t at = error.find("Code: ");
  return at == std::string_view::npos ? 0 : std::atoi(std::string(error.substr(at + 6, 6)).c_str());
}

}  // namespace freshet::local_clickhouse
