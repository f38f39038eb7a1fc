// Runs one Kafka consumer after the other until the process stops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "supervisor/backoff.h"
#include "supervisor/consumer_outcome.h"

namespace freshet::supervisor {

// Creates consumer number `n` (from 1), runs it to its end and destroys it. Returns soon after `stop` is requested.
// Called only on the thread of run().
using RunConsumer = std::function<ConsumerOutcome(uint64_t n, std::stop_token stop)>;
// Waits until `until`, or until `stop` is requested.
using WaitBetween = std::function<void(SteadyTime until, std::stop_token stop)>;

// Threads: run() on one. Any thread may request `stop`, also between two consumers and during a backoff.
class Supervisor {
 public:
  // `uniform01` returns random numbers from [0, 1), for the jitter.
  Supervisor(Clock& clock, Log& log, BackoffPolicy backoff, std::function<double()> uniform01, RunConsumer run_consumer,
             WaitBetween wait);

  // Returns after a consumer ended with ConsumerStopped, or once `stop` is requested and no further consumer is a group
  // member already (ConsumerRenewed::member_already).
  void run(std::stop_token stop);

 private:
  bool wait_after(const ConsumerFailed& failure, Duration lived, std::stop_token stop);

  Clock& clock_;
  Log& log_;
  Backoff backoff_;
  std::function<double()> uniform01_;
  RunConsumer run_consumer_;
  WaitBetween wait_;
  Backoff fenced_backoff_{{std::chrono::seconds(30), std::chrono::minutes(10), 0.2}};
};

}  // namespace freshet::supervisor
