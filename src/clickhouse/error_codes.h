// Every exception code of ClickHouse 26.5 with its name and its meaning for an insert.
#pragma once

#include <span>
#include <string_view>

#include "clickhouse/error_table.h"

namespace freshet::clickhouse {

struct ErrorCode {
  int code = 0;
  std::string_view name;   // ClickHouse's, from src/Common/ErrorCodes.cpp
  ErrorClass error_class;  // in general
  ErrorClass of_values;    // if the server was reading a row or evaluating the table's expressions on it
  std::string_view advice;
};

// Ascending by code. Threads: any. A test compares the table with the codes of the ClickHouse engine that the tests
// use.
std::span<const ErrorCode> error_codes();

// Null for an unknown code.
const ErrorCode* find_error_code(int code);

}  // namespace freshet::clickhouse
