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

// The SQL for the engine: query of the URL and of the body, with the parameters that are settings in a SETTINGS clause.
std::string with_settings(const std::string& query, const std::string& data, const Parameters& parameters);

// N of "Code: N. ..."; 0 if there is none.
int exception_code(std::string_view error);

}  // namespace freshet::local_clickhouse
