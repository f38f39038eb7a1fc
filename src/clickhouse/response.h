// Reads an answer of ClickHouse: success, or an exception in header or body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_client.h"

namespace freshet::clickhouse {

// What a server said that was no success.
struct ServerError {
  int status = 0;               // of HTTP
  int code = 0;                 // ClickHouse's exception code; 0 = none found
  std::string text;             // its words, at most kMaxErrorText bytes, one line
  std::optional<uint64_t> row;  // of the inserted rows, from 0
  bool timed_out = false;       // no answer in time
};

constexpr size_t kMaxErrorText = 2000;

// Threads: any. Nothing when the answer is a success: status 200, no exception code in the headers, no exception in the
// body (it may come after the status, where the server had begun to answer). `insert`: an insert's answer has no
// body, so that any exception text in it counts; a query's rows may contain such text, only the known forms at its end
// count.
enum class AnswerTo { Insert, Query };
std::optional<ServerError> find_error(const http::Response& response, AnswerTo what);

// The code in "Code: N. DB::Exception: ..." or "Code: N, e.displayText() = ...".
std::optional<int> exception_code(std::string_view text);

// The row in "(at row N)" or "is violated at row N.", from 0: servers count from 1 (seen on 18.16 and 26.5).
std::optional<uint64_t> refused_row(std::string_view text);

// The name in the text of error 115 (unknown setting) or 452 (not to be changed); empty if there is none.
std::string_view named_setting(std::string_view text);

}  // namespace freshet::clickhouse
