// The threads that turn chunks into rows.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "stream/processing.h"

namespace freshet::stream {

// Threads: submit() by the loop; the workers call `on_done` (for each piece) and `on_handed_back`. Work is handed back,
// whole or its rest, if the byte budget has no room for the rows of the next piece.
class WorkerPool {
 public:
  using OnDone = std::function<void(std::shared_ptr<const ProcessedChunk>)>;
  using OnHandedBack = std::function<void(Work)>;

  using MakeWorker = std::function<std::unique_ptr<ChunkProcessor>()>;

  // `capacity` counts chunks; the byte budget keeps the queue from filling up. The constructor calls `make_worker` once
  // per worker. `busy` counts time spent on chunks.
  WorkerPool(uint32_t workers, size_t capacity, const MakeWorker& make_worker, Clock& clock, SecondsCounter& busy,
             OnDone on_done, OnHandedBack on_handed_back);
  ~WorkerPool();

  void submit(Work work);
  // Chunks that were submitted and are not done. Threads: any.
  size_t tasks() const { return tasks_.load(std::memory_order_relaxed); }

 private:
  void work_on(ChunkProcessor& processor, Work work, const std::stop_token& stop);

  Clock& clock_;
  SecondsCounter& busy_;
  Mailbox<Work> work_;
  const OnDone on_done_;
  const OnHandedBack on_handed_back_;
  std::atomic<size_t> tasks_{0};
  std::vector<std::shared_ptr<ChunkProcessor>> processors_;  // one per thread
  std::vector<std::jthread> threads_;
};

}  // namespace freshet::stream
