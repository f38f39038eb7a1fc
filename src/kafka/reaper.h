// Destroys Kafka clients in the background: rd_kafka_destroy waits for the client's threads and for every message of it
// that still lives.
#pragma once

#include <cstdint>
#include <deque>
#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// Threads: any. Outlives every source. Parked clients are visible as freshet_kafka_clients_parked.
class Reaper {
 public:
  explicit Reaper(Metrics& metrics);
  ~Reaper();

  void park(Client client);
  // Waits until nothing is parked or `deadline` has passed; true when nothing is.
  bool wait_idle(Clock& clock, SteadyTime deadline);

 private:
  void reap(std::stop_token stop);

  Gauge& parked_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Client> clients_ GUARDED_BY(mutex_);
  size_t count_ GUARDED_BY(mutex_) = 0;  // with the one that is being destroyed
  std::jthread thread_;
};

}  // namespace freshet::kafka
