// How large an insert may be, as the server has shown.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace freshet::stream {

// What all writers of a stream know together. An insert that was too large halves the limit, each calm five minutes
// double it again until there is none. Threads: any.
class InsertLimit {
 public:
  // Bytes of rows, uncompressed; UINT64_MAX: no insert was too large lately.
  uint64_t bytes(SteadyTime now);
  // An insert of several messages with so many bytes was too large.
  void too_large(uint64_t bytes, SteadyTime now);

 private:
  Mutex mutex_;
  uint64_t limit_ GUARDED_BY(mutex_) = UINT64_MAX;
  SteadyTime changed_at_ GUARDED_BY(mutex_){};
};

}  // namespace freshet::stream
