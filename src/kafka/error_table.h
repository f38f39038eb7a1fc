// The meaning of librdkafka's errors: one table.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::kafka {

struct ErrorRule {
  rd_kafka_resp_err_t code;
  ErrorKind kind;
  std::string_view advice;        // how an operator can fix it; empty = no advice
  bool renewal_may_help = false;  // a new client is more likely to work than this one
};

// The rule for `code`. Codes without a rule are Retry: a client reconnects by itself.
ErrorRule rule_for(rd_kafka_resp_err_t code);

// The broker refuses an offset with this code, and will refuse later ones of this member, too: its membership is over,
// it lacks the right, or the topic is gone. All other errors may be temporary (a coordinator that moves, a rebalance in
// progress, a broken connection).
bool ends_commits(rd_kafka_resp_err_t code);

// This client cannot read what the partition has at this position.
bool is_unreadable(rd_kafka_resp_err_t code);

// A connection failed; the error is over when brokers answer again.
bool is_about_connections(rd_kafka_resp_err_t code);

// "NAME: what happened; advice".
Error to_error(rd_kafka_resp_err_t code, std::string_view what);
// For an error event. Leaves out details that differ each time (durations, counts), so that equal errors have equal
// texts.
Error to_error(rd_kafka_event_t* event);

}  // namespace freshet::kafka
