// Measures the size of a batch in something other than rows.
#pragma once

#include <cstdint>

#include "model/rows.h"

namespace freshet {

// Threads: the loop only. Called once or twice per chunk of a batch.
class BatchMeasure {
 public:
  virtual ~BatchMeasure() = default;
  // Returns the size of all chunks since clear(), including this one.
  virtual uint64_t add(const ProcessedChunk& chunk) = 0;
  virtual void clear() = 0;
};

}  // namespace freshet
