// Asks on a thread of its own whether the broker keeps our static membership.
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

// Threads: all calls by the loop. `wake` is called by the thread when there is something to take().
class ContinuityCheck {
 public:
  // Whether the broker shows a member with our instance id; empty = it did not say. Called by the thread; ends soon
  // after a stop is requested. What it uses outlives the check, or its end().
  using Question = std::function<std::optional<bool>(std::stop_token stop)>;

  ContinuityCheck(Question question, std::function<void()> wake)
      : question_(std::move(question)), wake_(std::move(wake)) {}
  ~ContinuityCheck() { end(); }
  ContinuityCheck(const ContinuityCheck&) = delete;
  ContinuityCheck& operator=(const ContinuityCheck&) = delete;

  // Nothing while a question is under way, or soon after the last one.
  void ask(SteadyTime now);
  // The member leaves, is thrown out or joins anew: a broker that does not show it from now on may well keep static
  // members.
  void membership_ends() { ++membership_; }
  // The answer, once; none may come. "Not shown" is an answer only if the membership lasted from question to take().
  std::optional<bool> take();
  void end();

 private:
  struct Answer {
    uint64_t membership;
    bool shown;
  };

  const Question question_;
  const std::function<void()> wake_;
  uint64_t membership_ = 0;  // counts what ends one, or may
  std::optional<SteadyTime> asked_at_;
  Mailbox<Answer> answers_{4};
  std::atomic<bool> under_way_{false};
  std::jthread thread_;
};

}  // namespace freshet::kafka
