// Finds the end of a record batch that the library cannot unpack. The library reports where such a batch begins, but
// not where it ends; a read at an offset inside fails again.
#pragma once

#include <cstdint>
#include <optional>

#include "model/ids.h"

namespace freshet::kafka {

// First doubles the step, then halves it; a batch of a million records takes about forty reads. Threads: the loop only.
class BatchEnd {
 public:
  explicit BatchEnd(Offset begin) : begin_(begin) {}

  Offset begin() const { return begin_; }
  // A search is running: the result of a read is input for it, and must not be delivered before outside() allows it.
  bool searching() const { return inside_.has_value(); }

  // A read at `at` hit the batch. Returns the offset to read next; the batch may end there. `end`: the end of the
  // partition, if known.
  Offset inside(Offset at, std::optional<Offset> end);
  // A read at `at` hit something else: a message, the end of the partition, or nothing. Returns the offset to read
  // next; none = the batch ends at `at`.
  std::optional<Offset> outside(Offset at);

 private:
  Offset begin_;
  int64_t step_ = 1;
  std::optional<Offset> inside_;   // the highest offset known to be inside
  std::optional<Offset> outside_;  // the lowest offset known to be outside
};

}  // namespace freshet::kafka
