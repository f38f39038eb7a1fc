// Port for observers of batches, such as metrics and records of their own. They influence nothing.
#pragma once

#include "base/clock.h"
#include "model/batch.h"

namespace freshet {

// Threads: the loop only. `now` is wall-clock time.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  virtual void sealed(const SealedBatch& batch, SystemTime now) {
    (void)batch;
    (void)now;
  }
  // The destination acknowledged the batch.
  virtual void stored(const SealedBatch& batch, SystemTime now) {
    (void)batch;
    (void)now;
  }
};

}  // namespace freshet
