#include "kafka/reaper.h"

#include <utility>

#include "base/threads.h"
#include "kafka/kafka_metrics.h"

namespace freshet::kafka {
namespace {

class PendingClient final : public PendingDestruction {
 public:
  explicit PendingClient(Client client) : client_(std::move(client)) {}

 private:
  Client client_;
};

}  // namespace

Reaper::Reaper(Metrics& metrics) : gauge_(clients_closing(metrics)) {
  MutexLock lock(mutex_);
  start_one();
}

// If the system refuses another thread, pending clients wait longer.
bool Reaper::start_one() {
  auto thread = start_thread("kafka_reaper", [this](std::stop_token stop) { reap(stop); });
  if (thread) threads_.push_back(*std::move(thread));
  return thread.has_value();
}

Reaper::~Reaper() {
  std::vector<std::jthread> threads;
  {
    MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
  }
  for (std::jthread& thread : threads) thread.request_stop();
}

void Reaper::add(Client client) {
  if (client) add(std::make_unique<PendingClient>(std::move(client)));
}

void Reaper::add(std::unique_ptr<PendingDestruction> pending) {
  {
    MutexLock lock(mutex_);
    pending_.push_back(std::move(pending));
    gauge_.set(static_cast<double>(++count_));
    if (!ending_ && count_ > threads_.size() && threads_.size() < kCap) start_one();
  }
  changed_.notify_all();
}

size_t Reaper::pending() const {
  MutexLock lock(mutex_);
  return count_;
}

bool Reaper::wait_idle(Clock& clock, SteadyTime deadline) {
  MutexLock lock(mutex_);
  return clock.wait_until(changed_, mutex_, {}, deadline, [&]() REQUIRES(mutex_) { return count_ == 0; });
}

void Reaper::reap(std::stop_token stop) {
  while (true) {
    std::unique_ptr<PendingDestruction> next;
    {
      MutexLock lock(mutex_);
      changed_.wait(mutex_, stop, [&]() REQUIRES(mutex_) { return !pending_.empty(); });
      if (pending_.empty()) return;  // stop requested, and nothing is left
      next = std::move(pending_.front());
      pending_.pop_front();
    }
    next.reset();  // may call add() for an object that it owns
    {
      MutexLock lock(mutex_);
      gauge_.set(static_cast<double>(--count_));
    }
    changed_.notify_all();
  }
}

}  // namespace freshet::kafka
