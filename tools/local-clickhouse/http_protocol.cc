#include "http_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/city_hash.h"
#include "base/net_address.h"
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

size_t find_word(const std::string& text, const std::string& word, size_t from = 0) {
  const auto same = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
  const auto found = std::search(text.begin() + static_cast<ptrdiff_t>(std::min(from, text.size())), text.end(),
                                 word.begin(), word.end(), same);
  return found == text.end() ? std::string::npos : static_cast<size_t>(found - text.begin());
}

bool begins_with(const std::string& text, const std::string& word) {
  const size_t first = text.find_first_not_of(" \t\r\n(");
  return first != std::string::npos && find_word(text.substr(first, word.size()), word) == 0;
}

std::string settings_of(const Parameters& parameters) {
  std::string settings;
  for (const auto& [name, value] : parameters) {
    if (kNoSettings.contains(name) || name.starts_with("param_")) continue;
    settings += fmt::format("{}{} = {}", settings.empty() ? "" : ", ", name, quoted(value));
  }
  return settings;
}

// The keyword, and not a part of a name such as `set_values`.
size_t find_values(const std::string& text) {
  const auto in_a_name = [&](size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 ||
                                std::string_view("_.`").find(text[at]) != std::string_view::npos);
  };
  size_t found = find_word(text, "VALUES");
  while (found != std::string::npos && ((found > 0 && in_a_name(found - 1)) || in_a_name(found + 6))) {
    found = find_word(text, "VALUES", found + 1);
  }
  return found;
}

// Splits the format and the data after it from a statement that contains both.
void split_data(Statement& insert) {
  const size_t format = find_word(insert.sql, " FORMAT ");
  const size_t values = find_values(insert.sql);
  if (find_word(insert.sql, "SELECT ") < std::min(format, values)) return;  // its rows come from another table
  if (format < values) {
    const size_t name = insert.sql.find_first_not_of(" \t\r\n", format + 8);
    const size_t end = std::min(insert.sql.find_first_of(" \t\r\n", name), insert.sql.size());
    if (name == std::string::npos) return;
    insert.format = insert.sql.substr(name, end - name);
    if (end < insert.sql.size()) insert.data.insert(0, insert.sql, end + 1);
    insert.sql.erase(format);
  } else if (values != std::string::npos) {
    insert.format = "Values";
    insert.data = insert.sql.substr(values + 6) + insert.data;
    insert.sql.erase(values);
  }
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

Statement statement(const std::string& query, std::string data, const Parameters& parameters) {
  Statement out{query, {}, {}, std::move(data)};
  if (query.empty()) std::swap(out.sql, out.data);
  out.settings = settings_of(parameters);
  if (!begins_with(out.sql, "INSERT")) {
    out.data.clear();
    if (!out.settings.empty() && find_word(out.sql, " SETTINGS ") == std::string::npos) {
      out.sql += " SETTINGS " + out.settings;
    }
    return out;
  }
  split_data(out);
  if (const size_t own = find_word(out.sql, " SETTINGS "); own != std::string::npos && !out.format.empty()) {
    out.settings = out.sql.substr(own + 10) + (out.settings.empty() ? "" : ", ") + out.settings;
    out.sql.erase(own);
  }
  return out;
}

bool Statement::needs_file() const {
  return !format.empty() && (data.starts_with('\n') || data.find("\n\n") != std::string::npos);
}

std::string Statement::text(const std::string& file) const {
  std::string out;
  out.reserve(sql.size() + settings.size() + data.size() + file.size() + 100);
  out += sql;
  if (!file.empty()) out += fmt::format(" FROM INFILE {} COMPRESSION 'none'", quoted(file));
  if (begins_with(sql, "INSERT") && !settings.empty()) out += " SETTINGS " + settings;
  if (!format.empty()) out += " FORMAT " + format;
  if (file.empty() && !data.empty()) out += "\n" + data;
  return out;
}

// Stricter than necessary: a statement that contains such a word anywhere, or a semicolon, must be sent with POST.
bool only_reads(const std::string& sql) {
  const size_t end = sql.find(';');
  if (end != std::string::npos && sql.find_first_not_of("; \t\r\n", end) != std::string::npos) return false;
  if (find_word(sql, "INTO") != std::string::npos) return false;  // INSERT INTO after a WITH, INTO OUTFILE
  for (const char* word : {"SELECT", "WITH", "SHOW", "DESC", "EXISTS", "EXPLAIN"}) {
    if (begins_with(sql, word)) return true;
  }
  return false;
}

bool is_this_machine(std::string_view host) {
  const auto address = parse_net_address(host);
  return address && (address->host == "127.0.0.1" || address->host == "::1" || address->host == "localhost");
}

int exception_code(std::string_view error) {
  const size_t at = error.find("Code: ");
  return at == std::string_view::npos ? 0 : std::atoi(std::string(error.substr(at + 6, 6)).c_str());
}

}  // namespace freshet::local_clickhouse
