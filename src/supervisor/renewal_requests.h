// Requests for a new Kafka consumer from any thread, and the reports of the consumer loop.
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

// Threads: any. One request at a time: requests while one is open are coalesced with it.
class RenewalRequests {
 public:
  struct Requested {
    uint64_t number = 0;     // of the request that includes this one; see RenewalReport::number
    bool coalesced = false;  // it was coalesced with an open request
  };
  struct Request {
    uint64_t number = 0;
    RenewalReason reason = RenewalReason::Timer;
    std::string detail;
    SteadyTime requested_at{};
    std::vector<RenewalReason> requested_by;  // everybody whose request this one answers; the first is `reason`

    // Nobody else than the timer wants it.
    bool only_by_timer() const;
    // The consumer is broken or stalled: its renewal skips the waits of a healthy one.
    bool urgent() const;
  };

  // `on_request` wakes the consumer loop; called after each new request, outside the lock, by the asking thread.
  explicit RenewalRequests(Clock& clock, std::function<void()> on_request = {})
      : clock_(clock), on_request_(std::move(on_request)) {}

  Requested request(RenewalReason reason, std::string detail);
  // Repeats a request that was answered without success, on behalf of all who made it.
  Requested request_again(const Request& earlier);
  // Waits until the request with this number is answered and returns its report; nothing once `deadline` has passed or
  // `stop` is requested. Only the last report is kept: a later one answers for an earlier number.
  std::optional<RenewalReport> wait(uint64_t number, SteadyTime deadline, std::stop_token stop);
  // The report of the last finished renewal, including failed and cancelled ones.
  std::optional<RenewalReport> last() const;
  // The open request, if there is one.
  std::optional<Request> open() const;

  // The main loop's answer to the open request: fills number, reason, detail, duration and finished_at of `report` and
  // closes the request. No effect without an open request.
  void finish(RenewalReport report);

 private:
  Clock& clock_;
  const std::function<void()> on_request_;
  mutable Mutex mutex_;
  CondVar finished_;
  uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  std::optional<Request> open_ GUARDED_BY(mutex_);
  std::optional<RenewalReport> last_ GUARDED_BY(mutex_);
};

}  // namespace freshet::supervisor
