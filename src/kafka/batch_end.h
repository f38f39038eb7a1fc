// Looks for the end of a record batch that the library cannot unpack. The library says where such a batch begins, and
// not where it ends: whoever reads at an offset inside meets it again.
#pragma once

#include <cstdint>
#include <optional>

#include "model/ids.h"

namespace freshet::kafka {

// First in steps that double, then by halves, so that a batch of a million records takes forty reads. Threads: the loop
// only.
class BatchEnd {
 public:
  explicit BatchEnd(Offset begin) : begin_(begin) {}

  Offset begin() const { return begin_; }
  // An end is looked for: what is met at an offset is an answer, and not to be delivered before outside() says so.
  bool searching() const { return inside_.has_value(); }

  // Who read at `at` met the batch. Where to read next; the batch may end there. `end`: of the partition, if known.
  Offset inside(Offset at, std::optional<Offset> end);
  // Who read at `at` met something else: a message, the end of the partition, or nothing at all beyond it. Where to
  // read next; none: the batch ends at `at`.
  std::optional<Offset> outside(Offset at);

 private:
  Offset begin_;
  int64_t step_ = 1;
  std::optional<Offset> inside_;   // the highest that is known to be
  std::optional<Offset> outside_;  // the lowest
};

}  // namespace freshet::kafka
