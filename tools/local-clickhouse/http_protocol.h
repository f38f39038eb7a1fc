// The part of ClickHouse's HTTP protocol that a client needs, as plain functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace freshet::local_clickhouse {

using Parameters = std::map<std::string, std::string>;

// The body of a `decompress=1` request; throws std::runtime_error with an exception text of ClickHouse's form when a
// checksum is wrong or a block is broken.
std::string decompress(std::string_view blocks);

// What the engine is asked.
struct Statement {
  std::string sql;
  std::string settings;  // "a = '1', b = '2'"
  std::string format;    // of the data of an INSERT; empty = it has none
  std::string data;

  // Behind a blank line the engine takes data for the next statement: such data are given to it in a file.
  bool needs_file() const;
  std::string text(const std::string& file = {}) const;
};

// The query of the URL and the body, with the parameters that are settings in a SETTINGS clause.
Statement statement(const std::string& query, const std::string& data, const Parameters& parameters);

// Whether a statement changes nothing: all that a GET may ask, as ClickHouse has it.
bool only_reads(const std::string& sql);

// Whether a Host header names this machine as its own programs do: not what a web page has made a name for it.
bool is_this_machine(std::string_view host);

// N of "Code: N. ..."; 0 if there is none.
int exception_code(std::string_view error);

}  // namespace freshet::local_clickhouse
