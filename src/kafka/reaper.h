// Destroys Kafka clients in the background: rd_kafka_destroy waits for the client's threads and for every message of it
// that still lives. One that hangs is in nobody's way: up to Reaper::kCap are destroyed at once.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// What may take long to destroy.
class Parked {
 public:
  virtual ~Parked() = default;
};

// Threads: any. Outlives every source. What is parked is visible as freshet_sessions_parked.
class Reaper {
 public:
  // Beyond this many parked clients no further session is built beside a running one.
  static constexpr size_t kCap = 8;

  explicit Reaper(Metrics& metrics);
  ~Reaper();

  void park(std::unique_ptr<Parked> parked);
  void park(Client client);
  size_t parked() const;
  // Waits until nothing is parked or `deadline` has passed; true when nothing is.
  bool wait_idle(Clock& clock, SteadyTime deadline);

 private:
  bool start_one() REQUIRES(mutex_);
  void reap(std::stop_token stop);

  Gauge& gauge_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::unique_ptr<Parked>> parked_ GUARDED_BY(mutex_);
  size_t count_ GUARDED_BY(mutex_) = 0;  // with those that are being destroyed
  // One from the start on, more when they are needed and the system has room for them; kCap at most.
  std::vector<std::jthread> threads_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet::kafka
