// What an error of librdkafka means for us: one table.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::kafka {

struct ErrorRule {
  rd_kafka_resp_err_t code;
  ErrorKind kind;
  std::string_view advice;        // what a person can do; empty = nothing to add
  bool renewal_may_help = false;  // a new client has a better chance than this one, though it lives
};

// The rule for `code`; codes without one are Retry: a client that lives reconnects by itself.
ErrorRule rule_for(rd_kafka_resp_err_t code);

// The broker refuses an offset with this code, and will refuse a later one of the same member too: its membership is
// over, or it lacks the right, or the topic is gone. Everything else may pass within seconds (a coordinator that moves,
// a rebalance that is being completed, a broken connection).
bool ends_commits(rd_kafka_resp_err_t code);

// What the partition has at this place cannot be read by this client, however often it is fetched.
bool is_unreadable(rd_kafka_resp_err_t code);

// A connection broke or does not come about; it is over when brokers answer again.
bool is_about_connections(rd_kafka_resp_err_t code);

// "NAME: what happened; advice".
Error to_error(rd_kafka_resp_err_t code, std::string_view what);
// Of an error event. What differs from one time to the next (how long it took, how often before) is left out, so that
// equal errors read alike.
Error to_error(rd_kafka_event_t* event);

}  // namespace freshet::kafka
