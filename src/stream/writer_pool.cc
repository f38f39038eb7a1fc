#include "stream/writer_pool.h"

#include <algorithm>
#include <utility>

#include "base/threads.h"
#include "stream/task_writing.h"

namespace freshet::stream {

WriterPool::WriterPool(RowWriterFactory factory, Duration batch_deadline, std::shared_ptr<ByteBudget> budget,
                       Clock& clock, OnResult on_result, OnFailure on_failure)
    : factory_(std::move(factory)),
      batch_deadline_(batch_deadline),
      clock_(clock),
      on_result_(std::move(on_result)),
      on_failure_(std::move(on_failure)),
      room_(std::move(budget)) {}

WriterPool::~WriterPool() {
  abandon_all();
  for (std::jthread& thread : threads_) thread.request_stop();
}

Status WriterPool::set_concurrency(uint32_t writers) {
  {
    MutexLock lock(mutex_);
    concurrency_ = writers;
  }
  changed_.notify_all();
  wanted_ = writers;
  return grow();
}

// If the system refuses another thread, the existing ones write until it does not.
Status WriterPool::grow() {
  while (threads_.size() < wanted_) {
    auto thread = start_thread("writer", [this](std::stop_token stop) { work(stop); });
    if (!thread) return tl::make_unexpected(thread.error());
    threads_.push_back(*std::move(thread));
  }
  return {};
}

void WriterPool::submit(BatchTask task) {
  {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  (void)grow();
  changed_.notify_all();
}

size_t WriterPool::tasks() {
  MutexLock lock(mutex_);
  return waiting_.size() + writing_.size();
}

std::deque<std::shared_ptr<const SealedBatch>> WriterPool::abandon_all() {
  return abandon_if([](uint64_t) { return true; });
}

std::deque<std::shared_ptr<const SealedBatch>> WriterPool::abandon(const std::vector<uint64_t>& batches) {
  return abandon_if([&](uint64_t id) { return std::find(batches.begin(), batches.end(), id) != batches.end(); });
}

std::deque<std::shared_ptr<const SealedBatch>> WriterPool::abandon_if(const std::function<bool(uint64_t)>& chosen) {
  std::deque<std::shared_ptr<const SealedBatch>> dropped;
  std::vector<std::stop_source> stopped;
  {
    MutexLock lock(mutex_);
    std::erase_if(waiting_, [&](BatchTask& task) {
      if (!chosen(task.batch->id)) return false;
      dropped.push_back(std::move(task.batch));
      return true;
    });
    for (const auto& [id, abandoned] : writing_) {
      if (chosen(id)) stopped.push_back(abandoned);
    }
  }
  for (std::stop_source& one : stopped) one.request_stop();
  return dropped;
}

// Returns whether there is one. Waits as long as it takes, and frees the writer's memory meanwhile.
bool WriterPool::wait_for_batch(RowWriter& writer, const std::stop_token& stop) {
  const auto ready = [&]() REQUIRES(mutex_) { return may_write(); };
  if (!clock_.wait_until(changed_, mutex_, stop, clock_.steady_now() + kKeepsMemory, ready)) {
    writer.release_memory();
    changed_.wait(mutex_, stop, ready);
  }
  return !stop.stop_requested();
}

void WriterPool::work(std::stop_token stop) {
  const std::unique_ptr<RowWriter> inner = factory_();
  WriterWithRoom writer(*inner, room_);
  while (true) {
    BatchTask task;
    std::stop_token abandon;
    {
      MutexLock lock(mutex_);
      if (!wait_for_batch(writer, stop)) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
      abandon = writing_[task.batch->id].get_token();
    }
    const uint64_t id = task.batch->id;
    const SteadyTime sealed_at = task.batch->sealed_at;
    const SteadyTime began = clock_.steady_now();
    WriteControl control{abandon, [&](const InsertFailure& failure) { on_failure_(id, failure); }};
    control.not_after = task.not_after;
    if (batch_deadline_ > Duration::zero()) control.overdue_at = sealed_at + batch_deadline_;
    BatchResult result = write_task(writer, {memory_, limit_, clock_}, std::move(task), control);
    result.took = clock_.steady_now() - began;
    {
      MutexLock lock(mutex_);
      writing_.erase(id);
    }
    changed_.notify_all();
    on_result_(std::move(result));
  }
}

}  // namespace freshet::stream
