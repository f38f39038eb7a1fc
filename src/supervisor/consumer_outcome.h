// How a Kafka consumer ended, which determines what the supervisor does next.
#pragma once

#include <string>
#include <variant>

namespace freshet::supervisor {

// The process exits with status 0.
struct ConsumerStopped {};

// The next consumer is created at once.
struct ConsumerRenewed {
  // The next consumer is a group member already: it runs even if a stop was requested, so that it leaves the group.
  bool member_already = false;
};

// A new consumer may succeed: it is created after a backoff.
struct ConsumerFailed {
  std::string error;
  bool fenced_by_other = false;  // another process uses the configured instance id: the backoff is longer
};

using ConsumerOutcome = std::variant<ConsumerStopped, ConsumerRenewed, ConsumerFailed>;

const char* name_of(const ConsumerOutcome& outcome);          // "stop", "renew", "fail"
const std::string& error_of(const ConsumerOutcome& outcome);  // empty unless the outcome is ConsumerFailed

}  // namespace freshet::supervisor
