#include "base/clock.h"

#include <ctime>

namespace freshet {

SteadyTime RealClock::steady_now() const { return std::chrono::steady_clock::now(); }
SystemTime RealClock::system_now() const { return std::chrono::system_clock::now(); }

Duration RealClock::since_boot() const {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool RealClock::wait_until(CondVar& cv, Mutex& mutex, std::stop_token stop, SteadyTime deadline,
                           const std::function<bool()>& ready) {
  return cv.wait_until(mutex, stop, deadline, ready);
}

bool sleep_interruptibly(Clock& clock, std::stop_token stop, Duration duration) {
  Mutex mutex;
  CondVar cv;
  MutexLock lock(mutex);
  clock.wait_until(cv, mutex, stop, clock.steady_now() + duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace freshet
