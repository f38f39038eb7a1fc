// How a Kafka session ends: decided once.
#pragma once

#include <atomic>

namespace freshet::supervisor {

enum class RunOutcome {
  Undecided,
  Renew,  // build the next session at once
  Stop,   // end the process with status 0
  Fail,   // an error that a new session can cure: back off, then build the next
};

const char* to_string(RunOutcome outcome);

// The first claim wins, so that a renewal which fires while a stop is under way can never turn it around, nor the
// reverse. Threads: any.
class RunDecision {
 public:
  // True if this call decided.
  bool claim(RunOutcome outcome) noexcept {
    RunOutcome expected = RunOutcome::Undecided;
    return decided_.compare_exchange_strong(expected, outcome);
  }
  RunOutcome outcome() const noexcept { return decided_.load(); }

 private:
  std::atomic<RunOutcome> decided_{RunOutcome::Undecided};
};

}  // namespace freshet::supervisor
