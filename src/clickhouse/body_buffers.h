// Memory for the compressed bodies of inserts, reused from batch to batch: to touch new memory costs more than to
// compress into it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/mutex.h"

namespace freshet::clickhouse {

struct BodyBuffer {
  std::unique_ptr<char[]> bytes;
  size_t capacity = 0;
  size_t touched = 0;  // the first so many bytes have been written; the rest takes no memory yet
};

// Shared by all writers of a table; keeps one buffer that no writer uses. Threads: any; locks once a batch.
class BodyBuffers {
 public:
  static constexpr size_t kLargestKept = 24 << 20;

  // Returns the kept buffer if it has `bytes`, otherwise a new one. Throws only std::bad_alloc.
  BodyBuffer take(size_t bytes);
  // Keeps the buffer instead of the one kept before; frees one that is larger than kLargestKept. The byte budget does
  // not count what is kept: it must not keep the source paused.
  void put(BodyBuffer buffer);
  // Frees the kept buffer.
  void release();

 private:
  Mutex mutex_;
  std::optional<BodyBuffer> kept_ GUARDED_BY(mutex_);
};

}  // namespace freshet::clickhouse
