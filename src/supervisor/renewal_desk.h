// Where everybody who wants a new Kafka session asks for it, and where the session loop answers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/renewal.h"

namespace freshet::supervisor {

// Threads: any. One request at a time: asking while one is open joins it.
class RenewalDesk {
 public:
  struct Asked {
    uint64_t number = 0;  // of the request that answers this one; see RenewalReport::number
    bool joined = false;  // it was open already
  };
  struct Request {
    uint64_t number = 0;
    RenewalReason reason = RenewalReason::Timer;
    std::string detail;
    SteadyTime asked_at{};
    std::vector<RenewalReason> asked_by;  // everybody who asked for it or joined it; the first is `reason`

    // Somebody else than the timer wants it, too.
    bool only_by_timer() const;
    // The session is not well: its renewal waits for nothing that a healthy one waits for.
    bool urgent() const;
  };

  // `on_ask` wakes the session loop; called after each new request, outside the lock, by the asking thread.
  explicit RenewalDesk(Clock& clock, std::function<void()> on_ask = {}) : clock_(clock), on_ask_(std::move(on_ask)) {}

  Asked ask(RenewalReason reason, std::string detail);
  // Asks once more for what was answered without success, in the name of all who asked.
  Asked ask_again(const Request& request);
  // The request with this number is answered; its report is then returned, and nothing once `deadline` has passed or
  // `stop` is requested. Reports of old requests are forgotten: a later report answers for an earlier number.
  std::optional<RenewalReport> wait(uint64_t number, SteadyTime deadline, std::stop_token stop);
  // The report of the last finished renewal, failed and cancelled ones too.
  std::optional<RenewalReport> last() const;
  // The open request, if there is one.
  std::optional<Request> open() const;

  // The session loop's answer to the open request: fills number, reason, detail, duration and finished_at of `report`
  // and closes the request. Without an open request nothing happens.
  void finish(RenewalReport report);

 private:
  Clock& clock_;
  const std::function<void()> on_ask_;
  mutable Mutex mutex_;
  CondVar finished_;
  uint64_t asked_ GUARDED_BY(mutex_) = 0;
  std::optional<Request> open_ GUARDED_BY(mutex_);
  std::optional<RenewalReport> last_ GUARDED_BY(mutex_);
};

}  // namespace freshet::supervisor
