#include "stream/worker_pool.h"

#include <utility>

#include "base/threads.h"

namespace freshet::stream {

WorkerPool::WorkerPool(uint32_t workers, size_t capacity, const MakeWorker& make_worker, Clock& clock,
                       SecondsCounter& busy, OnDone on_done, OnHandedBack on_handed_back)
    : clock_(clock),
      busy_(busy),
      work_(capacity),
      on_done_(std::move(on_done)),
      on_handed_back_(std::move(on_handed_back)) {
  for (uint32_t i = 0; i < workers; ++i) {
    const std::shared_ptr<ChunkProcessor> processor = make_worker();
    processors_.push_back(processor);
    threads_.push_back(needed_thread("worker", [this, processor](std::stop_token stop) {
      while (auto work = work_.pop(stop)) work_on(*processor, std::move(*work), stop);
    }));
  }
}

void WorkerPool::work_on(ChunkProcessor& processor, Work work, const std::stop_token& stop) {
  while (!work.chunk.messages.empty() && !stop.stop_requested()) {
    if (!work.begin_piece()) {
      tasks_.fetch_sub(1, std::memory_order_relaxed);
      return on_handed_back_(std::move(work));
    }
    const SteadyTime began = clock_.steady_now();
    auto chunk = processor.process(work);
    busy_.add(clock_.steady_now() - began);
    if (!chunk->rest_follows) tasks_.fetch_sub(1, std::memory_order_relaxed);
    on_done_(std::move(chunk));
  }
}

WorkerPool::~WorkerPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  for (const auto& processor : processors_) processor->interrupt();
}

void WorkerPool::submit(Work work) {
  tasks_.fetch_add(1, std::memory_order_relaxed);
  work_.push(work);
}

}  // namespace freshet::stream
