// Starts threads and reports if the system refuses one, because a limit is reached (RLIMIT_NPROC, the pids controller
// of a container).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace freshet {

// A human-readable error text; `why` is the system's error.
std::string refused_thread(const std::string& why);

// For threads that start after the process has started. ErrorKind::Retry: a later attempt may succeed.
template <typename Work>
Result<std::jthread> start_thread(Work&& work) {
  try {
    return std::jthread(std::forward<Work>(work));
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
std::jthread needed_thread(Work&& work) {
  auto thread = start_thread(std::forward<Work>(work));
  if (!thread) throw ThreadRefused(thread.error().text);
  return *std::move(thread);
}

// Starts `count` threads and ends them, to check that the system allows them. For libraries that abort if a thread is
// refused.
Status room_for_threads(size_t count);

}  // namespace freshet
