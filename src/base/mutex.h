// A mutex that clang's thread-safety analysis understands (it does not know std::mutex on libstdc++).
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define FRESHET_TSA(x) __attribute__((x))
#else
#define FRESHET_TSA(x)
#endif
#define GUARDED_BY(x) FRESHET_TSA(guarded_by(x))
#define REQUIRES(x) FRESHET_TSA(requires_capability(x))

namespace freshet {

class FRESHET_TSA(capability("mutex")) Mutex {
 public:
  void lock() FRESHET_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() FRESHET_TSA(release_capability()) { mutex_.unlock(); }
  bool try_lock() FRESHET_TSA(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class FRESHET_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) FRESHET_TSA(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() FRESHET_TSA(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds: `cv.wait(mutex)` in a loop over the condition.
using CondVar = std::condition_variable_any;

}  // namespace freshet
