// The meaning of ClickHouse errors for an insert. error_codes.cc has the codes.
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
  // An insert of this size exceeds a limit: smaller inserts of the same rows may succeed. This class describes only the
  // error; the caller must decide if anything was stored before it sends smaller inserts.
  TooLarge,
};

// "transient", "overload", "operator", "data", "too_large"
const char* to_string(ErrorClass error_class);

struct ErrorDisposition {
  ErrorClass error_class = ErrorClass::Transient;
  std::string_view advice;    // how an operator can fix it; empty if unknown. Static storage
  bool listed = true;         // false: freshet does not know the code
  bool maybe_stored = false;  // the table may already have the rows, or a part of them
};

// Threads: any. An unknown code is Transient (it is retried, and every retry is reported), unless the server was
// reading a row. Only codes and places that are certainly about the rows are Data, because a message must never be
// dead-lettered because of the server's state. An insert that failed with Data stored nothing: it is one block, and no
// view or shard was involved.
ErrorDisposition classify(const ServerError& error);

// The same for an insert without rows: never Data.
ErrorDisposition classify_without_rows(const ServerError& error);

}  // namespace freshet::clickhouse
