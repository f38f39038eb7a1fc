// What the size of a batch counts where it is not rows.
#pragma once

#include <cstdint>

#include "model/rows.h"

namespace freshet {

// Threads: the loop only; called once or twice for each chunk of a batch.
class BatchMeasure {
 public:
  virtual ~BatchMeasure() = default;
  // Returns the size of all chunks since clear(), this one included.
  virtual uint64_t add(const ProcessedChunk& chunk) = 0;
  virtual void clear() = 0;
};

}  // namespace freshet
