#include "clickhouse/insert_attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/message_text.h"
#include "clickhouse/error_codes.h"
#include "clickhouse/login.h"

namespace freshet::clickhouse {
namespace {

constexpr int kCurlTimedOut = 28;  // CURLE_OPERATION_TIMEDOUT

// The code with its name, because the ClickHouse text that contains the name may have to be hidden.
std::string named(int code) {
  const ErrorCode* known = find_error_code(code);
  return known == nullptr ? std::to_string(code) : fmt::format("{} {}", code, known->name);
}

// Marks what may contain a row: ClickHouse's errors quote rows, and another server's response body may echo the
// request. The code, its name and the text before that body contain no row.
std::string for_people(const ServerError& error) {
  constexpr std::string_view kBody = " bytes: ";
  if (error.code != 0) return fmt::format("error {}: {}", named(error.code), message_text(error.text));
  const size_t at = error.text.find(kBody);
  if (at == std::string::npos) return error.text;
  return error.text.substr(0, at + kBody.size()) + message_text(error.text.substr(at + kBody.size()));
}

}  // namespace

InsertAttempt classify_answer(std::string_view host, const Result<http::Response>& answer) {
  InsertAttempt result;
  if (!answer) {
    if (answer.error().kind == ErrorKind::Stopping) {
      result.end = InsertAttempt::End::Stopped;
      return result;
    }
    result.end = InsertAttempt::End::Failed;
    result.error.text = answer.error().text;
    result.error.curl_code = answer.error().code;
    result.error.timed_out = answer.error().code == kCurlTimedOut;
    result.advice = "freshet retries; if the error persists, check that the server runs, and --clickhouse-url";
    if (answer.error().kind == ErrorKind::Fatal) {
      result.error_class = ErrorClass::Operator;
      result.advice = "correct the ClickHouse URL, credentials or TLS files";
    }
    return result;
  }
  std::optional<ServerError> error = find_error(*answer, AnswerTo::Insert);
  if (!error) return result;
  const ErrorDisposition disposition = classify(*error);
  result.end = InsertAttempt::End::Failed;
  result.error = std::move(*error);
  if (result.error.code == 0) result.error.text = fmt::format("{}: {}", host, result.error.text);
  result.error_class = disposition.error_class;
  result.advice = disposition.advice;
  result.listed = disposition.listed;
  result.maybe_stored = disposition.maybe_stored;
  return result;
}

bool is_refused(const InsertAttempt& attempt) {
  if (attempt.end != InsertAttempt::End::Failed || attempt.error.code == 0 || attempt.maybe_stored) return false;
  if (refuses_login(attempt.error)) return false;
  return attempt.error_class == ErrorClass::Data || attempt.error_class == ErrorClass::Operator;
}

bool may_be_format(const InsertAttempt& attempt) {
  if (attempt.end != InsertAttempt::End::Failed || attempt.maybe_stored) return false;
  if (attempt.error.code == 0) return is_refused_by_proxy(attempt);
  const ErrorCode* const known = find_error_code(attempt.error.code);
  return known == nullptr || known->of_values == ErrorClass::Data;
}

// HAProxy answers 400 to a URL that it has no room for. 401 and 407: the login; 408, 425 and 429 pass; 413 is about the
// size.
bool is_refused_by_proxy(const InsertAttempt& attempt) {
  constexpr std::array kOthers = {401, 407, 408, 413, 425, 429};
  const int status = attempt.error.status;
  return attempt.end == InsertAttempt::End::Failed && attempt.error.code == 0 && status >= 400 && status < 500 &&
         std::find(kOthers.begin(), kOthers.end(), status) == kOthers.end();
}

bool is_too_long(const InsertAttempt& attempt) {
  constexpr int kUrlTooLong = 414;
  constexpr int kHeaderTooLarge = 431;
  return is_refused_by_proxy(attempt) &&
         (attempt.error.status == kUrlTooLong || attempt.error.status == kHeaderTooLarge);
}

std::string with_advice(const InsertAttempt& attempt) {
  const std::string text = for_people(attempt.error);
  return attempt.advice.empty() ? text : fmt::format("{} - {}", text, attempt.advice);
}

InsertFailure::Class failure_class(ErrorClass error_class) {
  if (error_class == ErrorClass::Overload) return InsertFailure::Class::Overload;
  if (error_class == ErrorClass::Operator) return InsertFailure::Class::Operator;
  return InsertFailure::Class::Transient;
}

}  // namespace freshet::clickhouse
