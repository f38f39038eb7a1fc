#include "supervisor/run_outcome.h"

namespace freshet::supervisor {

const char* to_string(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::Undecided:
      return "undecided";
    case RunOutcome::Renew:
      return "renew";
    case RunOutcome::Stop:
      return "stop";
    case RunOutcome::Fail:
      return "fail";
  }
  return "unknown";
}

}  // namespace freshet::supervisor
