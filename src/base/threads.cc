#include "base/threads.h"

#include <atomic>
#include <vector>

namespace freshet {

std::string refused_thread(const std::string& why) {
  return "the system refuses a new thread (" + why +
         "): raise the limit of processes (ulimit -u, or pids.max of the container) or of memory (ulimit -v)";
}

Status room_for_threads(size_t count) {
  std::atomic<bool> enough{false};
  std::vector<std::jthread> threads;
  Status room;
  while (threads.size() < count && room) {
    auto thread = start_thread("test_of_limit", [&] { enough.wait(false); });
    if (thread) {
      threads.push_back(*std::move(thread));
    } else {
      room = tl::make_unexpected(thread.error());
    }
  }
  enough.store(true);
  enough.notify_all();
  return room;
}

}  // namespace freshet
