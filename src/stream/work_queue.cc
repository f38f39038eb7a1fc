#include "stream/work_queue.h"

namespace freshet::stream {

bool WorkQueue::before(const Work& one, const Work& other) {
  return std::pair(one.chunk.partition, one.sequence) < std::pair(other.chunk.partition, other.sequence);
}

void WorkQueue::submit_with_room(std::vector<Work>& out) {
  for (Work& work : std::exchange(waiting_, {})) {
    if (work.has_room()) {
      submit(std::move(work), out);
    } else {
      waiting_.push_back(std::move(work));
    }
  }
}

bool WorkQueue::stands_still() const {
  return with_workers_ == 0 &&
         std::none_of(waiting_.begin(), waiting_.end(), [](const Work& work) { return work.has_room(); });
}

}  // namespace freshet::stream
