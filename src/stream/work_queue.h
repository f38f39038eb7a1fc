// Chunks that are with the workers, or that they handed back because the byte budget had no room for the rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "stream/processing.h"

namespace freshet::stream {

// Threads: the loop only.
class WorkQueue {
 public:
  // Passes the work to a worker, through `out`.
  void submit(Work work, std::vector<Work>& out) {
    ++with_workers_;
    bytes_with_workers_ += work.chunk.bytes;
    out.push_back(std::move(work));
  }
  // A worker has done a piece of a chunk, with so many bytes of its messages. `last`: the chunk is done.
  void processed(uint64_t bytes, bool last) {
    bytes_with_workers_ -= bytes;
    if (last) --with_workers_;
  }
  void handed_back(Work work) {
    --with_workers_;
    bytes_with_workers_ -= work.chunk.bytes;
    waiting_.push_back(std::move(work));
  }

  template <typename Predicate>
  void drop_waiting(Predicate&& over) {
    std::erase_if(waiting_, over);
  }
  // Submits what the budget has room for.
  void submit_with_room(std::vector<Work>& out);
  // Submits the first work in offset order for which `may` is true, even without room: nothing else can make some.
  template <typename Predicate>
  void submit_first(Predicate&& may, std::vector<Work>& out) {
    auto first = waiting_.end();
    for (auto work = waiting_.begin(); work != waiting_.end(); ++work) {
      if (may(*work) && (first == waiting_.end() || before(*work, *first))) first = work;
    }
    if (first == waiting_.end()) return;
    first->must = true;
    submit(std::move(*first), out);
    waiting_.erase(first);
  }

  bool with_workers() const { return with_workers_ > 0; }
  // Of messages that are with the workers and not processed yet.
  uint64_t bytes_with_workers() const { return bytes_with_workers_; }
  bool any_waits() const { return !waiting_.empty(); }
  // No worker has work, and none can get any before there is room.
  bool stands_still() const;

 private:
  static bool before(const Work& one, const Work& other);

  size_t with_workers_ = 0;
  uint64_t bytes_with_workers_ = 0;
  std::vector<Work> waiting_;
};

}  // namespace freshet::stream
