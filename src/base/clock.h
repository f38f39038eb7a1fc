// The only place that reads a clock; other code gets a Clock as an argument. Tests pass testkit's FakeClock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/mutex.h"

namespace freshet {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using SystemTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline double to_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }
// Rounded towards zero.
inline int64_t whole_seconds(Duration time) { return std::chrono::duration_cast<std::chrono::seconds>(time).count(); }

// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady_now() const = 0;  // for intervals
  virtual SystemTime system_now() const = 0;  // for display, and to compare with message timestamps
  // Since the machine started. Unlike the steady clock, it goes on while the machine is suspended (CLOCK_BOOTTIME).
  virtual Duration since_boot() const { return steady_now().time_since_epoch(); }

  // Waits on `cv` until `ready()` is true, `deadline` has passed, or `stop` is requested. The caller holds `mutex`.
  // Returns ready(). With a fake clock the deadline passes only when the test advances the clock.
  virtual bool wait_until(CondVar& cv, Mutex& mutex, std::stop_token stop, SteadyTime deadline,
                          const std::function<bool()>& ready) = 0;
};

// The clocks of the operating system.
class RealClock final : public Clock {
 public:
  SteadyTime steady_now() const override;
  SystemTime system_now() const override;
  Duration since_boot() const override;
  bool wait_until(CondVar& cv, Mutex& mutex, std::stop_token stop, SteadyTime deadline,
                  const std::function<bool()>& ready) override;
};

// Sleeps for `duration` of `clock`; returns false if `stop` was requested first.
bool sleep_interruptibly(Clock& clock, std::stop_token stop, Duration duration);

}  // namespace freshet
