// Maps librdkafka's errors to what freshet does about them, in one table.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::kafka {

struct ErrorRule {
  rd_kafka_resp_err_t code;
  ErrorKind kind;
  std::string_view advice;        // how an operator can fix it; empty = none
  bool renewal_may_help = false;  // a new client is more likely to work than this one
};

// The rule for `code`. Codes without a rule are Retry, because the client reconnects.
ErrorRule rule_for(rd_kafka_resp_err_t code);

// The broker rejected an offset with this code and will reject later ones of this member, too: its membership is over,
// it has no right to commit, or the topic is gone. All other errors may be temporary (the coordinator moves, a
// rebalance is in progress, a connection broke).
bool ends_commits(rd_kafka_resp_err_t code);

// A request with this error may have reached the broker, or may still reach it: no broker answered it.
bool is_unanswered(rd_kafka_resp_err_t code);

// The client cannot read the data at this position of the partition.
bool is_unreadable(rd_kafka_resp_err_t code);

// A connection failed; the error is over once brokers answer again.
bool is_about_connections(rd_kafka_resp_err_t code);

// The client got no token for its logins: no broker was asked. `text`: of an error with code __AUTHENTICATION.
bool is_token_failure(std::string_view text);

// The text is "NAME: what; advice".
Error to_error(rd_kafka_resp_err_t code, std::string_view what);
// For an error event. Removes details that differ each time (durations, counts), so that equal errors have equal texts.
Error to_error(rd_kafka_event_t* event);

}  // namespace freshet::kafka
