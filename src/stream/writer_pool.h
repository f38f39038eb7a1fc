// The threads that write batches, one at a time each.
#pragma once

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
#include "stream/batch_writing.h"

namespace freshet::stream {

// Threads: everything by the loop, but skip(). The callbacks come from the writers' threads. The loop bounds the
// queue: it seals no batch beyond two per writer.
class WriterPool {
 public:
  using OnResult = std::function<void(BatchResult)>;
  using OnFailure = std::function<void(uint64_t batch, const InsertFailure&)>;

  // `batch_deadline`: see StreamSettings.
  // `budget` is charged with the bodies of inserts; while it is exhausted one batch is written at a time, beside those
  // that wait for an operator.
  WriterPool(RowWriterFactory factory, Duration batch_deadline, std::shared_ptr<ByteBudget> budget, Clock& clock,
             OnResult on_result, OnFailure on_failure);
  ~WriterPool();

  // How many batches may be written at a time; takes effect with the next batch. Retry: the system refuses threads;
  // those that there are write, and with each batch it is asked again.
  Status set_concurrency(uint32_t writers);
  void submit(BatchTask task);
  // Ends everything that waits or is being written, as soon as possible: each batch that is being written gets an
  // abandoned result; those that waited are returned, and get none, since the loop must not wait for its own mailbox.
  std::deque<std::shared_ptr<const SealedBatch>> abandon_all();
  // The same for these alone.
  std::deque<std::shared_ptr<const SealedBatch>> abandon(const std::vector<uint64_t>& batches);
  // Batches that were submitted and are not done. Threads: any.
  size_t tasks();
  // See RefusalMemory.
  void skip(Partition partition) { memory_.skip(partition); }
  // See InsertLimit::bytes(). Threads: any.
  uint64_t insert_limit() { return limit_.bytes(clock_.steady_now()); }

 private:
  struct Writing {
    std::stop_source abandoned{};
    bool waits_for_operator = false;  // as of its last failure
  };
  std::deque<std::shared_ptr<const SealedBatch>> abandon_if(const std::function<bool(uint64_t)>& chosen);
  Status grow();
  bool may_write() const REQUIRES(mutex_);
  void failed(uint64_t batch, const InsertFailure& failure);
  void work(std::stop_token stop);

  const RowWriterFactory factory_;
  const Duration batch_deadline_;
  const std::shared_ptr<ByteBudget> budget_;
  Clock& clock_;
  const OnResult on_result_;
  const OnFailure on_failure_;
  RefusalMemory memory_;
  InsertLimit limit_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<BatchTask> waiting_ GUARDED_BY(mutex_);
  uint32_t concurrency_ GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Writing> writing_ GUARDED_BY(mutex_);  // by batch
  uint32_t wanted_ = 0;                                     // threads; the loop's, as they are
  std::vector<std::jthread> threads_;
};

}  // namespace freshet::stream
