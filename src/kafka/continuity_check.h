// Checks on its own thread if the broker keeps our static membership.
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

// Threads: all calls by the loop. The thread calls `wake` when take() has a result.
class ContinuityCheck {
 public:
  // True if the broker shows a member with our instance id; empty = no answer. Called on the thread; must end soon
  // after a stop is requested. What it uses must outlive the check, or its end().
  using Question = std::function<std::optional<bool>(std::stop_token stop)>;

  ContinuityCheck(Question question, std::function<void()> wake)
      : question_(std::move(question)), wake_(std::move(wake)) {}
  ~ContinuityCheck() { end(); }
  ContinuityCheck(const ContinuityCheck&) = delete;
  ContinuityCheck& operator=(const ContinuityCheck&) = delete;

  // No effect while a query is running, or soon after the last one.
  void ask(SteadyTime now);
  // The member leaves, is removed or joins anew: a broker that does not show it from now on may still support static
  // membership.
  void membership_ends() { ++membership_; }
  // The answer, once; there may be none. "Not shown" counts only if the membership lasted from the query to take().
  std::optional<bool> take();
  void end();

 private:
  struct Answer {
    uint64_t membership;
    bool shown;
  };

  const Question question_;
  const std::function<void()> wake_;
  uint64_t membership_ = 0;  // counts events that end one, or may end one
  std::optional<SteadyTime> asked_at_;
  Mailbox<Answer> answers_{4};
  std::atomic<bool> under_way_{false};
  std::jthread thread_;
};

}  // namespace freshet::kafka
