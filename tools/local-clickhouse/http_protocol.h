// The part of ClickHouse's HTTP protocol that clients use, as plain functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace freshet::local_clickhouse {

using Parameters = std::map<std::string, std::string>;

// Decompresses the body of a `decompress=1` request. Throws std::runtime_error with a text in ClickHouse's form if a
// checksum or block is invalid.
std::string decompress(std::string_view blocks);

// A statement for the engine.
struct Statement {
  std::string sql;
  std::string settings;  // "a = '1', b = '2'"
  std::string format;    // format of an INSERT's data; empty = no data
  std::string data;

  // The engine would read data after a blank line as the next statement, so such data is passed in a file.
  bool needs_file() const;
  std::string text(const std::string& file = {}) const;
};

// Combines the query parameter and the body. Parameters that are settings become a SETTINGS clause.
Statement statement(const std::string& query, std::string data, const Parameters& parameters);

// True if the statement changes nothing. ClickHouse allows only such statements with GET.
bool only_reads(const std::string& sql);

// True if the Host header is one that programs on this machine use, not the name of a web site.
bool is_this_machine(std::string_view host);

// Parses N of "Code: N. ..."; 0 if there is none.
int exception_code(std::string_view error);

}  // namespace freshet::local_clickhouse
