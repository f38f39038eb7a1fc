// The result of one attempt to insert.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "clickhouse/error_table.h"
#include "clickhouse/response.h"
#include "http/http_client.h"
#include "ports/row_writer.h"

namespace freshet::clickhouse {

struct InsertAttempt {
  enum class End { Written, Failed, Stopped };
  End end = End::Written;
  ErrorClass error_class = ErrorClass::Transient;
  ServerError error;
  std::string_view advice;
  bool listed = true;  // false: freshet does not know the code
  bool maybe_stored = false;
  bool had_rows = true;  // false: an insert without rows failed, which says nothing about the rows of the batch
};

// `host`: for the texts of errors that are not ClickHouse's. Threads: any, as for the others.
InsertAttempt classify_answer(std::string_view host, const Result<http::Response>& answer);

// True if ClickHouse itself refused the insert, not for a moment, and stored nothing: its data, its columns or their
// types, the statement or the table may be the cause; not the login or its rights.
bool is_refused(const InsertAttempt& attempt);
// True if another format may help although the error may also pass: freshet does not know the code, or it may be about
// the data, or a proxy refused the request.
bool may_be_format(const InsertAttempt& attempt);
// A proxy refused the request: another one may pass, with a shorter URL or another body.
bool is_refused_by_proxy(const InsertAttempt& attempt);
bool is_too_long(const InsertAttempt& attempt);

// The error in a text that may be logged and shown: what may quote a row is marked (base/message_text.h).
std::string with_advice(const InsertAttempt& attempt);

InsertFailure::Class failure_class(ErrorClass error_class);

}  // namespace freshet::clickhouse
