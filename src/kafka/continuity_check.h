// Checks on its own thread whether the broker supports our static membership.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "base/mailbox.h"

namespace freshet::kafka {

// Threads: all calls by the loop. The query's thread calls `wake` when take() has a result.
class ContinuityCheck {
 public:
  // True if the broker lists a member with our instance id, false if it lists us without one; empty = no answer. Called
  // on the thread; must return soon after a stop is requested. Whatever it uses must outlive the check, or its end().
  using Question = std::function<std::optional<bool>(std::stop_token stop)>;

  ContinuityCheck(Question question, std::function<void()> wake)
      : question_(std::move(question)), wake_(std::move(wake)) {}
  ~ContinuityCheck() { end(); }
  ContinuityCheck(const ContinuityCheck&) = delete;
  ContinuityCheck& operator=(const ContinuityCheck&) = delete;

  // Starts a query. No effect while one is running, or within five seconds after the last one.
  void ask(SteadyTime now);
  // The member leaves, is removed or rejoins: a broker that does not list it from now on may still support static
  // membership.
  void membership_ends() { ++membership_; }
  // Returns each result once; may return none. "Not listed" counts only if the membership lasted from the query to
  // take().
  std::optional<bool> take();
  void end();

 private:
  struct CheckResult {
    uint64_t membership;
    bool shown;
  };

  const Question question_;
  const std::function<void()> wake_;
  uint64_t membership_ = 0;  // incremented by events that end a membership, or may end it
  std::optional<SteadyTime> asked_at_;
  Mailbox<CheckResult> results_{4};
  std::atomic<bool> under_way_{false};
  std::jthread thread_;
};

}  // namespace freshet::kafka
