// A clock that stands still until the test advances it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace freshet::testkit {

// Threads: any. A wait ends if its condition is true, `stop` is requested, or advance() passes its deadline.
class FakeClock final : public Clock {
 public:
  // Skipped: as soon as a thread waits, the clock jumps to its deadline.
  enum class Waits { UntilAdvanced, Skipped };
  explicit FakeClock(Waits waits = Waits::UntilAdvanced) : waits_mode_(waits) {}

  SteadyTime steady_now() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  SystemTime system_now() const override {
    MutexLock lock(mutex_);
    return SystemTime(now_.time_since_epoch() + wall_ahead_);
  }

  Duration since_boot() const override {
    MutexLock lock(mutex_);
    return now_.time_since_epoch() + suspended_;
  }

  bool wait_until(CondVar& cv, Mutex& mutex, std::stop_token stop, SteadyTime deadline,
                  const std::function<bool()>& ready) override {
    {
      MutexLock lock(mutex_);
      ++waits_;
      if (waits_mode_ == Waits::Skipped) now_ = std::max(now_, deadline);
    }
    waiting_.notify_all();
    // Checks the deadline often in real time; only advance() can pass it.
    while (!ready() && !stop.stop_requested() && look() < deadline) {
      cv.wait_for(mutex, stop, std::chrono::milliseconds(1), ready);
    }
    return ready();
  }

  void advance(Duration by) {
    MutexLock lock(mutex_);
    now_ += by;
  }
  // The machine was suspended: the steady clock stood still.
  void suspend(Duration time) {
    MutexLock lock(mutex_);
    suspended_ += time;
  }
  // Sets the wall clock, but not the steady clock.
  void set_system(SystemTime time) {
    MutexLock lock(mutex_);
    wall_ahead_ = time.time_since_epoch() - now_.time_since_epoch();
  }
  // Returns after `n` calls of wait_until() in total.
  void await_waits(int n) {
    MutexLock lock(mutex_);
    waiting_.wait(mutex_, [&]() REQUIRES(mutex_) { return waits_ >= n; });
  }

  // Returns after a waiting thread has read the time three more times: it has seen the last change and waits again, in
  // the same wait or in its next one. For tests with one such thread; false if none waits any more.
  bool settle() {
    MutexLock lock(mutex_);
    const uint64_t seen = looks_ + 3;
    return waiting_.wait_for(mutex_, std::chrono::seconds(10), [&]() REQUIRES(mutex_) { return looks_ >= seen; });
  }

 private:
  SteadyTime look() {
    SteadyTime now;
    {
      MutexLock lock(mutex_);
      ++looks_;
      now = now_;
    }
    waiting_.notify_all();
    return now;
  }

  const Waits waits_mode_;
  mutable Mutex mutex_;
  CondVar waiting_;
  Duration suspended_ GUARDED_BY(mutex_){};
  SteadyTime now_ GUARDED_BY(mutex_){std::chrono::hours(1)};
  Duration wall_ahead_ GUARDED_BY(mutex_){};
  int waits_ GUARDED_BY(mutex_) = 0;
  uint64_t looks_ GUARDED_BY(mutex_) = 0;
};

}  // namespace freshet::testkit
