// Classifies ClickHouse errors of an insert. The codes are in error_codes.cc.
#pragma once

#include <string>
#include <string_view>

#include "clickhouse/response.h"

namespace freshet::clickhouse {

enum class ErrorClass {
  Transient,  // repeat the same bytes
  Overload,   // repeat the same bytes; the server asks for fewer inserts
  Operator,   // repeat the same bytes and alert: an operator must change something
  Data,       // the rows are invalid
  // The insert exceeds a size limit: smaller inserts of the same rows may succeed. This class describes only the error;
  // before it sends smaller inserts, the caller must find out whether anything was stored.
  TooLarge,
};

// "transient", "overload", "operator", "data", "too_large"
const char* to_string(ErrorClass error_class);

struct ErrorDisposition {
  ErrorClass error_class = ErrorClass::Transient;
  std::string_view advice;    // how an operator can fix it; empty if unknown. Static storage
  bool listed = true;         // false: freshet does not know the code
  bool maybe_stored = false;  // the table may already have some or all of the rows
};

// Threads: any. An unknown code is Transient (it is retried, and every retry is reported), unless the server was
// reading a row. Data is returned only for codes and places that are certainly about the rows, because the server's
// state must never cause a message to be dead-lettered. An insert that failed with Data stored nothing: it is one
// block, and no view or shard was involved.
ErrorDisposition classify(const ServerError& error);

// As classify(), for an insert without rows: never returns Data.
ErrorDisposition classify_without_rows(const ServerError& error);

}  // namespace freshet::clickhouse
