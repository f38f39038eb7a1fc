// Port for who wants to know of batches, for metrics and records of its own. It decides nothing.
#pragma once

#include "base/clock.h"
#include "model/batch.h"

namespace freshet {

// Threads: the loop only. `now` is what people's clocks say.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  virtual void sealed(const SealedBatch& batch, SystemTime now) {
    (void)batch;
    (void)now;
  }
  // The destination has acknowledged it.
  virtual void stored(const SealedBatch& batch, SystemTime now) {
    (void)batch;
    (void)now;
  }
};

}  // namespace freshet
