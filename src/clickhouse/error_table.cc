#include "clickhouse/error_table.h"

#include "clickhouse/error_codes.h"
#include "clickhouse/insert_stage.h"

namespace freshet::clickhouse {
namespace {

constexpr std::string_view kView = "a materialized view of the table fails: repair or drop the view";
constexpr std::string_view kShard =
    "a shard behind the table cannot store some of the rows; other shards may have stored theirs: repair the shard's "
    "table";
constexpr std::string_view kNotClickHouse =
    "correct --clickhouse-url; a proxy in between must pass ClickHouse's responses on unchanged, including the "
    "X-ClickHouse-* headers. Nothing counts as stored until ClickHouse itself confirms it";
constexpr std::string_view kRejectedBefore =
    "a proxy before ClickHouse rejects the request: correct --clickhouse-url, or allow the request there; if it "
    "requires "
    "ClickHouse's own login, correct --clickhouse-user and --clickhouse-password-file";
constexpr std::string_view kProxyLogin =
    "a proxy requires a login: set it in http_proxy or https_proxy of the environment "
    "(http://USER:PASSWORD@HOST:PORT), "
    "or name ClickHouse's host in no_proxy";
constexpr std::string_view kLongUrl =
    "a proxy before ClickHouse does not accept a URL this long (it holds the statement and its settings): raise its "
    "limit (nginx: large_client_header_buffers)";
constexpr std::string_view kUnreached =
    "a proxy before ClickHouse cannot reach it, or does not wait for its response: the insert is retried; if this "
    "lasts, "
    "check the server and the timeouts of the proxy";
constexpr std::string_view kQuerySize =
    "raise max_query_size for this user (--clickhouse-setting max_query_size=N does): the statement names the "
    "columns and settings of the insert";
constexpr std::string_view kWithoutRows =
    "an insert without any row fails, too: correct the values given with --clickhouse-setting, the user's profile or "
    "the table";
constexpr std::string_view kRedirect =
    "redirects are not followed (the drop-in follows one to the same scheme, host and port), because login and rows "
    "would be sent along: set --clickhouse-url to the redirect's address, if that is ClickHouse";

// Classifies a response without a ClickHouse exception.
ErrorDisposition by_status(int status) {
  switch (status) {
    case 408:
    case 425:
      return {ErrorClass::Transient, {}};
    case 429:
      return {ErrorClass::Overload, {}};
    case 401:
    case 403:
      return {ErrorClass::Operator, kRejectedBefore};
    case 407:
      return {ErrorClass::Operator, kProxyLogin};
    case 414:
    case 431:
      return {ErrorClass::Operator, kLongUrl};
    case 502:
    case 503:
    case 504:
      return {ErrorClass::Transient, kUnreached};
    case 501:  // only another service answers this to an INSERT
    case 505:
    case 511:
      return {ErrorClass::Operator, kNotClickHouse};
    default:
      // A success other than ClickHouse's empty 200 comes from another service. So do redirects and rejected requests.
      if (status >= 300 && status < 400) return {ErrorClass::Operator, kRedirect};
      if (status >= 200 && status < 500) return {ErrorClass::Operator, kNotClickHouse};
      return {ErrorClass::Transient, {}};
  }
}

}  // namespace

const char* to_string(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::Transient:
      return "transient";
    case ErrorClass::Overload:
      return "overload";
    case ErrorClass::Operator:
      return "operator";
    case ErrorClass::Data:
      return "data";
    case ErrorClass::TooLarge:
      return "too_large";
  }
  return "";
}

ErrorDisposition classify(const ServerError& error) {
  // The table already has the rows (18.16 and 26.5): sending a part of them again would duplicate it.
  if (error.place == ErrorPlace::View && !stored_nothing(error)) return {ErrorClass::Operator, kView, true, true};
  if (size_limit(error) == SizeLimit::Insert) return {ErrorClass::TooLarge, size_advice(error)};
  if (error.code == 0) return by_status(error.status);
  const ErrorCode* known = find_error_code(error.code);
  const bool of_values = error.place == ErrorPlace::Input || error.place == ErrorPlace::Expression;
  ErrorDisposition disposition;
  if (known == nullptr) {
    disposition.error_class = of_values ? ErrorClass::Data : ErrorClass::Transient;
    disposition.listed = of_values;
  } else {
    disposition.error_class = of_values ? known->of_values : known->error_class;
    disposition.advice = disposition.error_class == ErrorClass::Data ? std::string_view() : known->advice;
  }
  if (error.code == 62 && error.text.find("Max query size exceeded") != std::string::npos)
    disposition.advice = kQuerySize;
  if (error.place == ErrorPlace::Shard && disposition.error_class == ErrorClass::Data) {
    return {ErrorClass::Operator, kShard, true, true};
  }
  return disposition;
}

ErrorDisposition classify_without_rows(const ServerError& error) {
  const ErrorDisposition disposition = classify(error);
  return disposition.error_class == ErrorClass::Data ? ErrorDisposition{ErrorClass::Operator, kWithoutRows}
                                                     : disposition;
}

}  // namespace freshet::clickhouse
