// What a ClickHouse error means for an insert. The codes are in error_codes.cc.
#pragma once

#include <string>
#include <string_view>

#include "clickhouse/response.h"

namespace freshet::clickhouse {

enum class ErrorClass {
  Transient,  // the same bytes again
  Overload,   // the same bytes again; the server asks for fewer inserts
  Operator,   // the same bytes again, loud: a person has to change something
  Data,       // the rows are at fault
  // An insert of this size exceeds a limit: smaller inserts of the same rows may be taken. A class of the error alone;
  // whether anything was stored is for the caller to judge before it makes them.
  TooLarge,
};

// "transient", "overload", "operator", "data", "too_large"
const char* to_string(ErrorClass error_class);

struct Judgement {
  ErrorClass error_class = ErrorClass::Transient;
  std::string_view advice;    // what a person can do; empty where nothing is known. Static storage
  bool listed = true;         // false: a code that freshet does not know
  bool maybe_stored = false;  // the table, or a part of it, may have the rows already
};

// Threads: any. A code that is in no table is Transient (it is retried, and every retry is reported), unless the server
// was reading a row: only codes and places that are provably about the rows are Data, for a message must never be
// dead-lettered because of the server's state. Nothing of an insert that failed with Data is stored: it is one block,
// and neither a view nor a shard had a part in it.
Judgement classify(const ServerError& error);

// The same of an insert that had no row: never Data.
Judgement classify_without_rows(const ServerError& error);

}  // namespace freshet::clickhouse
