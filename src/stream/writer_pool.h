// The threads that write batches, one batch at a time each.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "ports/row_writer.h"
#include "stream/batch_task.h"
#include "stream/insert_limit.h"
#include "stream/insert_room.h"
#include "stream/rejection_memory.h"

namespace freshet::stream {

// Threads: everything by the loop, except skip(), tasks() and insert_limit(). The writers call the callbacks. The loop
// bounds the queue: it seals at most two batches per writer.
class WriterPool {
 public:
  using OnResult = std::function<void(BatchResult)>;
  using OnFailure = std::function<void(uint64_t batch, const InsertFailure&)>;

  // A writer that has had no batch for so long frees its memory (RowWriter::release_memory).
  static constexpr Duration kKeepsMemory = std::chrono::seconds(10);

  // `batch_deadline`: see StreamSettings. `budget` is charged with insert bodies; while it has no room for another one,
  // one insert is written at a time (see InsertRoom).
  WriterPool(RowWriterFactory factory, Duration batch_deadline, std::shared_ptr<ByteBudget> budget, Clock& clock,
             OnResult on_result, OnFailure on_failure);
  ~WriterPool();

  // Sets how many batches may be written at a time, from the next batch on. ErrorKind::Retry: the system refused to
  // create threads; the existing ones write, and each submit() tries again.
  Status set_concurrency(uint32_t writers);
  void submit(BatchTask task);
  // Ends all queued and active writes as soon as possible. Each active batch gets an abandoned result. Queued ones are
  // returned and get no result, because the loop must not block on its own mailbox.
  std::deque<std::shared_ptr<const SealedBatch>> abandon_all();
  // The same for these batches.
  std::deque<std::shared_ptr<const SealedBatch>> abandon(const std::vector<uint64_t>& batches);
  // Batches that were submitted and are not done. Threads: any.
  size_t tasks();
  // See RejectionMemory. Threads: any.
  void skip(Partition partition) { memory_.skip(partition); }
  // See InsertLimit::bytes(). Threads: any.
  uint64_t insert_limit() { return limit_.bytes(clock_.steady_now()); }

 private:
  std::deque<std::shared_ptr<const SealedBatch>> abandon_if(const std::function<bool(uint64_t)>& chosen);
  Status grow();
  bool may_write() const REQUIRES(mutex_) { return !waiting_.empty() && writing_.size() < concurrency_; }
  bool wait_for_batch(RowWriter& writer, const std::stop_token& stop) REQUIRES(mutex_);
  void work(std::stop_token stop);

  const RowWriterFactory factory_;
  const Duration batch_deadline_;
  Clock& clock_;
  const OnResult on_result_;
  const OnFailure on_failure_;
  RejectionMemory memory_;
  InsertLimit limit_;
  InsertRoom room_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<BatchTask> waiting_ GUARDED_BY(mutex_);
  uint32_t concurrency_ GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::stop_source> writing_ GUARDED_BY(mutex_);  // by batch id: abandons it
  uint32_t wanted_ = 0;                                              // threads; used by the loop only, like threads_
  std::vector<std::jthread> threads_;
};

}  // namespace freshet::stream
