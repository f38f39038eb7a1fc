// The largest insert that the server accepts, learned from its rejections.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace freshet::stream {

// Shared by the writers of a stream. An insert that is too large sets the limit to half of its size. Every five minutes
// without another one double the limit, until there is none. Threads: any.
class InsertLimit {
 public:
  // Uncompressed bytes of rows; UINT64_MAX = no limit.
  uint64_t bytes(SteadyTime now);
  // An insert of several messages with this many bytes was too large.
  void too_large(uint64_t bytes, SteadyTime now);

 private:
  Mutex mutex_;
  uint64_t limit_ GUARDED_BY(mutex_) = UINT64_MAX;
  SteadyTime changed_at_ GUARDED_BY(mutex_){};
};

}  // namespace freshet::stream
