#include "clickhouse/error_table.h"

#include "clickhouse/error_codes.h"
#include "clickhouse/insert_stage.h"

namespace freshet::clickhouse {
namespace {

constexpr std::string_view kLogin =
    "correct user and password (--clickhouse-user, --clickhouse-password-file); the file is read again by itself";
constexpr std::string_view kView = "a materialized view of the table fails: repair or drop the view";
constexpr std::string_view kShard =
    "a shard behind the table cannot take some of the rows, others may have stored theirs: repair the shard's table";
constexpr std::string_view kNotClickHouse =
    "correct --clickhouse-url; a proxy in between must pass ClickHouse's answers on unchanged, X-ClickHouse-* headers "
    "included. Nothing counts as stored until ClickHouse itself says so";
constexpr std::string_view kRedirect =
    "a redirect is followed only to the same scheme, host and port, since credentials and rows go along: set "
    "--clickhouse-url to the address it names, if that is ClickHouse";

Judgement by_status(int status) {
  switch (status) {
    case 429:
      return {ErrorClass::Overload, {}};
    case 401:
    case 403:
    case 407:
      return {ErrorClass::Operator, kLogin};
    case 404:
    case 405:
      return {ErrorClass::Operator, kNotClickHouse};
    default:
      // Any success but an empty 200 of ClickHouse is somebody else's; so is a redirect.
      if (status >= 300 && status < 400) return {ErrorClass::Operator, kRedirect};
      if (status >= 200 && status < 300) return {ErrorClass::Operator, kNotClickHouse};
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

Judgement classify(const ServerError& error) {
  // The table itself has the rows already (seen on 18.16 and 26.5): sending parts of them again would double them.
  if (error.place == ErrorPlace::View && !stored_nothing(error)) return {ErrorClass::Operator, kView, true, true};
  if (size_limit(error) == SizeLimit::Insert) return {ErrorClass::TooLarge, size_advice(error)};
  if (error.code == 0) return by_status(error.status);
  const ErrorCode* known = find_error_code(error.code);
  const bool of_values = error.place == ErrorPlace::Input || error.place == ErrorPlace::Expression;
  Judgement judgement;
  if (known == nullptr) {
    judgement.error_class = of_values ? ErrorClass::Data : ErrorClass::Transient;
    judgement.listed = of_values;
  } else {
    judgement.error_class = of_values ? known->of_values : known->error_class;
    judgement.advice = judgement.error_class == ErrorClass::Data ? std::string_view() : known->advice;
  }
  if (error.place == ErrorPlace::Shard && judgement.error_class == ErrorClass::Data) {
    return {ErrorClass::Operator, kShard, true, true};
  }
  return judgement;
}

}  // namespace freshet::clickhouse
