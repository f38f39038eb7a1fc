#include "stream/worker_pool.h"

#include <utility>

namespace freshet::stream {

WorkerPool::WorkerPool(uint32_t workers, size_t capacity, const ProcessorFactory& factory, const std::string& topic,
                       bool keep_for_letters, OnDone on_done)
    : work_(capacity), on_done_(std::move(on_done)) {
  for (uint32_t i = 0; i < workers; ++i) {
    threads_.emplace_back(
        [this, processor = std::make_shared<ChunkProcessor>(factory(), topic, keep_for_letters)](std::stop_token stop) {
          while (auto work = work_.pop(stop)) on_done_(processor->process(std::move(*work)));
        });
  }
}

WorkerPool::~WorkerPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void WorkerPool::submit(Work work) { work_.push(work); }

}  // namespace freshet::stream
