// Reads an answer of ClickHouse: success, or an exception in header or body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_client.h"

namespace freshet::clickhouse {

// What the server was doing when it failed, as its text says; ClickHouse appends that to the error, innermost first.
enum class ErrorPlace {
  Unknown,     // it does not say; 18.16 says nothing of expressions
  Input,       // reading a row of the insert, or checking a constraint on it
  Expression,  // evaluating an expression of the table: DEFAULT, MATERIALIZED, CONSTRAINT, PARTITION BY, an index, ...
  View,        // pushing to a materialized view, after the table took the rows
  Shard,       // another server, to which a Distributed table forwarded rows
};

// What a server said that was no success.
struct ServerError {
  int status = 0;               // of HTTP
  int code = 0;                 // ClickHouse's exception code; 0 = none found
  std::string text;             // its words, at most kMaxErrorText bytes, one line
  std::optional<uint64_t> row;  // of the inserted rows, from 0; with ErrorPlace::Input only
  ErrorPlace place = ErrorPlace::Unknown;
  bool timed_out = false;  // no answer in time
  int curl_code = 0;       // libcurl's, where there is no answer
  bool foreign = false;    // the answer has no X-ClickHouse-* header: something else than ClickHouse gave it
};

constexpr size_t kMaxErrorText = 2000;

// Threads: any. Nothing when the answer is a success: status 200, a header X-ClickHouse-* (every answer of 18.16 and of
// 26.5 to a query has one, also an exception's; a login page, a proxy or another service has none), no exception code
// in the headers or trailers, no exception in the body (it may come after the status, where the server had begun to
// answer). An insert's answer has no body: any body means that it was not stored. A query's rows may contain the words
// of an exception, so that only the known forms at their end count. The exception code of an answer that is not
// ClickHouse's is not believed: it has code 0.
enum class AnswerTo { Insert, Query };
std::optional<ServerError> find_error(const http::Response& response, AnswerTo what);

// The code in "Code: N. DB::Exception: ..." or "Code: N, e.displayText() = ...".
std::optional<int> exception_code(std::string_view text);

// The row in "(at row N)" or "is violated at row N.", from 0: servers count from 1 (seen on 18.16 and 26.5).
std::optional<uint64_t> refused_row(std::string_view text);

// Of the whole text of an exception, not of ServerError::text, which may be cut. What a row says counts for nothing.
ErrorPlace error_place(std::string_view text);

// The name in the text of error 115 (unknown setting) or 452 (not to be changed); empty if there is none.
std::string_view named_setting(std::string_view text);

}  // namespace freshet::clickhouse
