// Reads a response of ClickHouse: success, or an exception in header or body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_client.h"

namespace freshet::clickhouse {

// What the server was doing when it failed, according to its text; ClickHouse appends this to the error, innermost
// first.
enum class ErrorPlace {
  Unknown,     // unknown; 18.16 does not mention expressions
  Input,       // reading a row of the insert, or checking a constraint on it
  Expression,  // evaluating an expression of the table: DEFAULT, MATERIALIZED, CONSTRAINT, PARTITION BY, an index, ...
  View,        // pushing to a materialized view, after the table took the rows
  Shard,       // another server, to which a Distributed table forwarded rows
};

// A response that is not a success.
struct ServerError {
  int status = 0;               // HTTP status
  int code = 0;                 // ClickHouse's exception code; 0 = none found
  std::string text;             // the server's text, at most kMaxErrorText bytes, one line
  std::optional<uint64_t> row;  // of the inserted rows, from 0; only with ErrorPlace::Input
  ErrorPlace place = ErrorPlace::Unknown;
  bool timed_out = false;  // no response in time
  int curl_code = 0;       // libcurl's code, if there is no response
  bool foreign = false;    // no X-ClickHouse-* header: not from ClickHouse
};

constexpr size_t kMaxErrorText = 2000;

// Threads: any. None if the response is a success: status 200, a header X-ClickHouse-* (every response of 18.16
// and 26.5 has one, also with an exception; a login page, a proxy or another service has none), no exception code in
// headers or trailers, and no exception in the body (it may come after the status if the server had started to answer).
// The response to an insert has no body: any body means that it was not stored. Rows of a query may contain the text of
// an exception, so only the known forms at their end count. The exception code of a response that is not ClickHouse's
// is ignored: it has code 0.
enum class AnswerTo { Insert, Query };
std::optional<ServerError> find_error(const http::Response& response, AnswerTo what);

// The code in "Code: N. DB::Exception: ..." or "Code: N, e.displayText() = ...".
std::optional<int> exception_code(std::string_view text);

// The row in "(at row N)" or "is violated at row N.", from 0; servers count from 1 (18.16 and 26.5).
std::optional<uint64_t> refused_row(std::string_view text);

// For the complete text of an exception, not ServerError::text, which may be truncated. Text inside a row is ignored.
ErrorPlace error_place(std::string_view text);

// The name in the text of error 115 (unknown setting) or 452 (constraint); empty if there is none.
std::string_view named_setting(std::string_view text);

}  // namespace freshet::clickhouse
