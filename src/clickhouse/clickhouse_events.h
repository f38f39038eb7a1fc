// The log events of this module.
#pragma once

#include "base/log.h"
#include "clickhouse/hosts.h"

namespace freshet::clickhouse {

struct SettingDropped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "clickhouse_setting_dropped",
                                   "The server rejects a setting that is not essential; inserts are sent without it."};
  const ServerAddress& server;
  std::string_view setting;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject("setting", setting), log_error(error));
  }
};

// The fields of the two events below. Both are retried; InsertNeedsOperator fails until an operator fixes the cause.
struct FailedInsert {
  const ServerAddress& server;
  std::string_view error_class;
  int error_code;
  long http_status;
  uint32_t attempt;
  std::string_view error;
  std::string_view advice;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject(log_key::kErrorClass, error_class), subject(log_key::kErrorCode, error_code),
                      LogField(log_key::kHttpStatus, http_status), LogField("attempt", attempt),
                      LogField(log_key::kError, error), LogField(log_key::kAdvice, advice));
  }
};

struct InsertFailed : FailedInsert {
  static constexpr LogEvent kEvent{LogLevel::Warn, "insert_failed", "An insert failed; it is retried."};
};

struct InsertNeedsOperator : FailedInsert {
  static constexpr LogEvent kEvent{LogLevel::Error, "insert_failed",
                                   "An insert failed; it is retried, and succeeds once an operator repairs the cause."};
};

struct InsertSentAsJson {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "insert_sent_as_json",
      "The server refused an insert in the Native format; the same rows are sent as JSONEachRow, and what the server "
      "says to that counts."};
  const ServerAddress& server;
  std::string_view table;
  int error_code;
  std::string_view error;
  std::string_view advice;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject(log_key::kTable, table), subject(log_key::kErrorCode, error_code), log_error(error),
                      LogField(log_key::kAdvice, advice));
  }
};

struct NativeRefused {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "native_inserts_refused",
      "A proxy before the server refuses Native inserts and lets JSONEachRow pass; rows are sent as JSONEachRow, and "
      "Native is tried again every ten minutes."};
  const ServerAddress& server;
  std::string_view table;
  int http_status;
  std::string_view error;
  std::string_view advice;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject(log_key::kTable, table), subject(log_key::kHttpStatus, http_status), log_error(error),
                      LogField(log_key::kAdvice, advice));
  }
};

struct NativeAccepted {
  static constexpr LogEvent kEvent{LogLevel::Info, "native_inserts_accepted", "Native inserts pass again."};
  const ServerAddress& server;
  std::string_view table;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject(log_key::kTable, table));
  }
};

// The server may write the token before it stores the rows. If it dies in between, it treats the repeated insert as a
// duplicate although the rows are missing.
struct InsertUnverified {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "insert_unverified",
      "An attempt ended without a response, and the server treated the retry as a duplicate. If the server was "
      "restarted or its disk was full meanwhile, check whether the table has these rows."};
  const ServerAddress& server;
  std::string_view table;
  uint64_t rows;
  std::string_view token;
  std::string_view why;  // the rows are not counted
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject(log_key::kTable, table), LogField("rows", rows), LogField("token", token),
                      LogField("not_counted", why));
  }
};

struct InsertIncomplete {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "insert_incomplete",
      "The server acknowledged a repeated insert, but the table does not have all of its rows: the server lost a part "
      "after it had recorded the token. freshet inserts the missing rows again."};
  const ServerAddress& server;
  std::string_view table;
  uint64_t messages;
  uint64_t missing;
  std::string_view token;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      subject(log_key::kTable, table), LogField("messages", messages), LogField("missing", missing),
                      LogField("token", token));
  }
};

struct InsertRecovered {
  static constexpr LogEvent kEvent{LogLevel::Info, "insert_recovered", "Inserts succeed again."};
  const ServerAddress& server;
  uint32_t attempts;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server.address), subject(log_key::kServerPort, server.port),
                      LogField("attempts", attempts));
  }
};

}  // namespace freshet::clickhouse
