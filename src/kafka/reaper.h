// Destroys Kafka clients in the background: rd_kafka_destroy waits for the client's threads and for all its living
// messages. A client that hangs does not block others: up to Reaper::kCap are destroyed in parallel.
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

// Objects that may take long to destroy.
class PendingDestruction {
 public:
  virtual ~PendingDestruction() = default;
};

// Outlives every source. Pending clients are counted in freshet_kafka_clients_closing. Threads: any.
class Reaper {
 public:
  // With this many pending clients, no further consumer is created beside a running one.
  static constexpr size_t kCap = 8;

  explicit Reaper(Metrics& metrics);
  ~Reaper();

  void add(std::unique_ptr<PendingDestruction> pending);
  void add(Client client);
  size_t pending() const;
  // Waits until nothing is pending or `deadline` has passed; true if nothing is pending.
  bool wait_idle(Clock& clock, SteadyTime deadline);

 private:
  bool start_one() REQUIRES(mutex_);
  void reap(std::stop_token stop);

  Gauge& gauge_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::unique_ptr<PendingDestruction>> pending_ GUARDED_BY(mutex_);
  size_t count_ GUARDED_BY(mutex_) = 0;  // includes those that are being destroyed
  // One thread from the start, more when needed and possible, at most kCap.
  std::vector<std::jthread> threads_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet::kafka
