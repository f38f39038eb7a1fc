// Starts threads where a refusal is an answer: the system refuses one when a limit is reached (RLIMIT_NPROC, the pids
// controller of a container).
#pragma once

#include <cstddef>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace freshet {

// For every thread that begins after the start of the process. Retry: there may be room for one later.
template <typename Work>
Result<std::jthread> start_thread(Work&& work) {
  try {
    return std::jthread(std::forward<Work>(work));
  } catch (const std::system_error& refused) {
    return failure(
        ErrorKind::Retry,
        std::string("the system refuses a new thread (") + refused.code().message() +
            "): raise the limit of processes (ulimit -u, or pids.max of the container) or of memory (ulimit -v)",
        refused.code().value());
  }
}

// Whether the system has room for `count` more threads right now: starts and ends that many. For libraries that abort
// when they are refused one.
Status room_for_threads(size_t count);

}  // namespace freshet
