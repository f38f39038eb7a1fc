// Memory for the compressed bodies of inserts, reused from batch to batch: to touch new memory costs more than to
// compress into it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/mutex.h"

namespace freshet::clickhouse {

// A part of a body.
struct BodyBuffer {
  static constexpr size_t kBytes = 4 << 20;

  std::unique_ptr<char[]> bytes;
  size_t touched = 0;  // the first so many bytes have been written; the rest takes no memory yet
};

// Shared by all writers of a table; keeps some buffers that no writer uses. Threads: any; locks a few times a batch.
class BodyBuffers {
 public:
  static constexpr size_t kMostKept = 6;

  // Returns a kept buffer, the last one if there are several, otherwise a new one. Throws only std::bad_alloc.
  BodyBuffer take();
  // Keeps the buffer, or frees it if kMostKept are kept. The byte budget does not count what is kept: it must not keep
  // the source paused.
  void put(BodyBuffer buffer);
  // Frees the kept buffers.
  void release();

 private:
  Mutex mutex_;
  std::vector<BodyBuffer> kept_ GUARDED_BY(mutex_);
};

}  // namespace freshet::clickhouse
