// Requests for a new Kafka consumer, from any thread, and the consumer loop's reports about them.
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

// One request is open at a time; further requests are coalesced with it. Threads: any.
class RenewalRequests {
 public:
  struct Requested {
    uint64_t number = 0;     // of the open request; see RenewalReport::number
    bool coalesced = false;  // this request was coalesced with one that was already open
  };
  struct Request {
    uint64_t number = 0;
    RenewalReason reason = RenewalReason::Timer;
    std::string trigger;
    SteadyTime requested_at{};
    std::vector<RenewalReason> requested_by;  // every reason that was coalesced; the first is `reason`

    // True if nobody but the timer requested it.
    bool only_by_timer() const;
    // True if the consumer is broken or stalled: its renewal skips the waits of a healthy one.
    bool urgent() const;
  };

  // `on_request` wakes the consumer loop. It is called after each new request, outside the lock, on the requesting
  // thread.
  explicit RenewalRequests(Clock& clock, std::function<void()> on_request = {})
      : clock_(clock), on_request_(std::move(on_request)) {}

  Requested request(RenewalReason reason, std::string trigger);
  // Repeats a request that ended without success, for all who made it.
  Requested request_again(const Request& earlier);
  // Waits until the request `number` is answered and returns its report; nothing if `deadline` passes or `stop` is
  // requested first. Only the last report is kept; a later report also answers earlier numbers.
  std::optional<RenewalReport> wait(uint64_t number, SteadyTime deadline, std::stop_token stop);
  // The report of the last finished renewal, which may have failed or been cancelled.
  std::optional<RenewalReport> last() const;
  // How many requests ended with a renewed consumer.
  uint64_t renewed() const;
  // The open request, if there is one.
  std::optional<Request> open() const;

  // The consumer loop's answer to the open request: fills number, reason, trigger, duration and finished_at of `report`
  // and closes the request. No effect without an open request.
  void finish(RenewalReport report);

 private:
  Clock& clock_;
  const std::function<void()> on_request_;
  mutable Mutex mutex_;
  CondVar finished_;
  uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  std::optional<Request> open_ GUARDED_BY(mutex_);
  std::optional<RenewalReport> last_ GUARDED_BY(mutex_);
  uint64_t renewed_ GUARDED_BY(mutex_) = 0;
};

}  // namespace freshet::supervisor
