// Decides once whether a renewal or a stop ends the running Kafka consumer.
#pragma once

#include <atomic>

namespace freshet::supervisor {

enum class EndReason { None, Renewal, Stop };

// The first claim wins: a renewal that fires during a stop cannot revert the stop, nor a stop a renewal. Threads: any.
class EndDecision {
 public:
  // True if this call made the decision.
  bool claim(EndReason reason) noexcept {
    EndReason expected = EndReason::None;
    return reason_.compare_exchange_strong(expected, reason);
  }
  EndReason reason() const noexcept { return reason_.load(); }

 private:
  std::atomic<EndReason> reason_{EndReason::None};
};

}  // namespace freshet::supervisor
