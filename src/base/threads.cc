#include "base/threads.h"

#include <atomic>
#include <vector>

namespace freshet {

Status room_for_threads(size_t count) {
  std::atomic<bool> enough{false};
  std::vector<std::jthread> threads;
  Status room;
  while (threads.size() < count && room) {
    auto thread = start_thread([&] { enough.wait(false); });
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
