#include "stream/worker_pool.h"

#include <utility>

namespace freshet::stream {

WorkerPool::WorkerPool(uint32_t workers, size_t capacity, const MakeWorker& make_worker, OnDone on_done)
    : work_(capacity), on_done_(std::move(on_done)) {
  for (uint32_t i = 0; i < workers; ++i) {
    const std::shared_ptr<ChunkProcessor> processor = make_worker();
    processors_.push_back(processor);
    threads_.emplace_back([this, processor](std::stop_token stop) {
      while (auto work = work_.pop(stop)) on_done_(processor->process(std::move(*work)));
    });
  }
}

WorkerPool::~WorkerPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  for (const auto& processor : processors_) processor->interrupt();
}

void WorkerPool::submit(Work work) { work_.push(work); }

}  // namespace freshet::stream
