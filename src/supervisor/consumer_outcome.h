// How a Kafka consumer ended, and with that what the supervisor does next.
#pragma once

#include <string>
#include <variant>

namespace freshet::supervisor {

// The process ends with status 0.
struct ConsumerStopped {};

// The next consumer is built at once.
struct ConsumerRenewed {
  // The next consumer is a member already: it is run even if a stop was requested, in order to leave the group.
  bool member_already = false;
};

// A new consumer may do better: it is built after a back-off.
struct ConsumerFailed {
  std::string error;
  bool fenced_by_other = false;  // another process has the operator's instance id: the back-off is longer
};

using ConsumerOutcome = std::variant<ConsumerStopped, ConsumerRenewed, ConsumerFailed>;

const char* name_of(const ConsumerOutcome& outcome);          // "stop", "renew", "fail"
const std::string& error_of(const ConsumerOutcome& outcome);  // empty unless it failed

}  // namespace freshet::supervisor
