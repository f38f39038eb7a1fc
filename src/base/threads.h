// Starts threads where a refusal is an answer: the system refuses one when a limit is reached (RLIMIT_NPROC, the pids
// controller of a container).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace freshet {

// What a person reads when the system refuses a thread, `why` being the system's own word.
std::string refused_thread(const std::string& why);

// For every thread that begins after the start of the process. Retry: there may be room for one later.
template <typename Work>
Result<std::jthread> start_thread(Work&& work) {
  try {
    return std::jthread(std::forward<Work>(work));
  } catch (const std::system_error& refused) {
    return failure(ErrorKind::Retry, refused_thread(refused.code().message()), refused.code().value());
  }
}

// The process does not start; main() says what() and ends.
struct ThreadRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// For a thread that begins with the process and that it cannot do without. Throws ThreadRefused.
template <typename Work>
std::jthread needed_thread(Work&& work) {
  auto thread = start_thread(std::forward<Work>(work));
  if (!thread) throw ThreadRefused(thread.error().text);
  return *std::move(thread);
}

// Whether the system has room for `count` more threads right now: starts and ends that many. For libraries that abort
// when they are refused one.
Status room_for_threads(size_t count);

}  // namespace freshet
