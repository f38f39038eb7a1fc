// What ends a running Kafka consumer: decided once.
#pragma once

#include <atomic>

namespace freshet::supervisor {

enum class EndReason { None, Renewal, Stop };

// The first claim wins, so that a renewal that fires while a stop is under way can never turn it around, nor the
// reverse. Threads: any.
class EndDecision {
 public:
  // True if this call decided.
  bool claim(EndReason reason) noexcept {
    EndReason expected = EndReason::None;
    return reason_.compare_exchange_strong(expected, reason);
  }
  EndReason reason() const noexcept { return reason_.load(); }

 private:
  std::atomic<EndReason> reason_{EndReason::None};
};

}  // namespace freshet::supervisor
