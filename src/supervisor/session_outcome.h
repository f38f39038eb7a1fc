// How a Kafka session ended, and with that what the supervisor does next.
#pragma once

#include <string>
#include <variant>

namespace freshet::supervisor {

// The process ends with status 0.
struct SessionStopped {};

// The next session is built at once.
struct SessionRenewed {
  // The next session is a member already: it is run even if a stop was requested, in order to leave the group.
  bool member_already = false;
};

// A new session may do better: it is built after a back-off.
struct SessionFailed {
  std::string error;
  bool fenced_by_other = false;  // another process has the operator's instance id: the back-off is longer
};

using SessionOutcome = std::variant<SessionStopped, SessionRenewed, SessionFailed>;

const char* name_of(const SessionOutcome& outcome);          // "stop", "renew", "fail"
const std::string& error_of(const SessionOutcome& outcome);  // empty unless it failed

}  // namespace freshet::supervisor
