#include "kafka/reaper.h"

#include <utility>

namespace freshet::kafka {

Reaper::Reaper(Metrics& metrics)
    : parked_(metrics.gauge("freshet_kafka_clients_parked", "Kafka clients of past sessions not yet destroyed.")),
      thread_([this](std::stop_token stop) { reap(stop); }) {}

Reaper::~Reaper() { thread_.request_stop(); }

void Reaper::park(Client client) {
  {
    MutexLock lock(mutex_);
    clients_.push_back(std::move(client));
    parked_.set(static_cast<double>(++count_));
  }
  changed_.notify_all();
}

bool Reaper::wait_idle(Clock& clock, SteadyTime deadline) {
  MutexLock lock(mutex_);
  return clock.wait_until(changed_, mutex_, {}, deadline, [&]() REQUIRES(mutex_) { return count_ == 0; });
}

void Reaper::reap(std::stop_token stop) {
  while (true) {
    Client client;
    {
      MutexLock lock(mutex_);
      changed_.wait(mutex_, stop, [&]() REQUIRES(mutex_) { return !clients_.empty(); });
      if (clients_.empty()) return;  // stopped, and nothing is left
      client = std::move(clients_.front());
      clients_.pop_front();
    }
    client.reset();
    {
      MutexLock lock(mutex_);
      parked_.set(static_cast<double>(--count_));
    }
    changed_.notify_all();
  }
}

}  // namespace freshet::kafka
