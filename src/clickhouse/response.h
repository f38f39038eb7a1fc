// Interprets a ClickHouse response: success, or an exception in the headers or the body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_client.h"

namespace freshet::clickhouse {

// What the server was doing when it failed. ClickHouse appends this to the error text, innermost first.
enum class ErrorPlace {
  Unknown,     // not stated; 18.16 does not mention expressions
  Input,       // reading a row of the insert, or checking a constraint on it
  Expression,  // evaluating an expression of the table: DEFAULT, MATERIALIZED, CONSTRAINT, PARTITION BY, an index, ...
  View,        // pushing to a materialized view, after the table took the rows
  Shard,       // another server to which a Distributed table forwarded rows
};

// A response that is not a success.
struct ServerError {
  int status = 0;               // HTTP status
  int code = 0;                 // ClickHouse's exception code; 0 = none found
  std::string text;             // the server's text, at most kMaxErrorText bytes, one line
  std::optional<uint64_t> row;  // index among the inserted rows, from 0; only with ErrorPlace::Input
  ErrorPlace place = ErrorPlace::Unknown;
  bool timed_out = false;  // no response in time
  int curl_code = 0;       // libcurl's code if there is no response
  bool foreign = false;    // the response has no X-ClickHouse-* header, so it is not from ClickHouse
};

constexpr size_t kMaxErrorText = 2000;

// Returns none if the response is a success, which requires all of:
// - status 200
// - a header X-ClickHouse-*: every response of 18.16 and 26.5 has one, even an exception; a login page, a proxy or
//   another service has none
// - no exception code in the headers or trailers
// - no exception in the body, where it is if the server failed after it had sent the status
// A successful insert has an empty body: any body means that it was not stored. Rows of a query may contain the text of
// an exception, so only the known forms at the end of the body count. The exception code of a response that is not
// ClickHouse's is ignored (code 0). Threads: any.
enum class AnswerTo { Insert, Query };
std::optional<ServerError> find_error(const http::Response& response, AnswerTo what);

// Parses the code in "Code: N. DB::Exception: ..." or "Code: N, e.displayText() = ...".
std::optional<int> exception_code(std::string_view text);

// Parses the row in "(at row N)" or "is violated at row N.". Servers count from 1 (18.16 and 26.5); the result counts
// from 0.
std::optional<uint64_t> rejected_row(std::string_view text);

// Needs the complete text of an exception: ServerError::text may be shortened. Ignores text quoted from a row.
ErrorPlace error_place(std::string_view text);

// The setting that the text of error 115 (unknown setting) or 452 (constraint) names; empty if none.
std::string_view named_setting(std::string_view text);

}  // namespace freshet::clickhouse
