// Starts threads and reports if the system refuses one, because a limit is reached (RLIMIT_NPROC, the pids controller
// of a container). Every thread has a name, which `top -H` and debuggers show.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace freshet {

// At most 15 characters: pthread_setname_np(3).
class ThreadName {
 public:
  template <size_t N>
  consteval ThreadName(const char (&name)[N]) : name_(name) {
    static_assert(N <= 16);
  }
  const char* text() const { return name_; }

 private:
  const char* name_;
};

// A human-readable error text; `why` is the system's error.
std::string refused_thread(const std::string& why);

// For threads that start after the process has started. ErrorKind::Retry: a later attempt may succeed.
template <typename Work>
Result<std::jthread> start_thread(ThreadName name, Work&& work) {
  try {
    std::jthread thread(std::forward<Work>(work));
    pthread_setname_np(thread.native_handle(), name.text());
    return thread;
  } catch (const std::system_error& refused) {
    return failure(ErrorKind::Retry, refused_thread(refused.code().message()), refused.code().value());
  }
}

// The process cannot start; main() prints what() and exits.
struct ThreadRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// For threads that start with the process and that it cannot work without. Throws ThreadRefused.
template <typename Work>
std::jthread needed_thread(ThreadName name, Work&& work) {
  auto thread = start_thread(name, std::forward<Work>(work));
  if (!thread) throw ThreadRefused(thread.error().text);
  return *std::move(thread);
}

// Starts `count` threads and ends them, to check that the system allows them. For libraries that abort if a thread is
// refused.
Status room_for_threads(size_t count);

}  // namespace freshet
