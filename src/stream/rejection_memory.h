// What the writers of a stream know together about rejected rows, and how they wait for an operator.
#pragma once

#include <cstdint>
#include <map>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/batch.h"
#include "model/ids.h"
#include "ports/row_writer.h"

namespace freshet::stream {

// More single messages than this in a row, all rejected alike, are not bad data.
constexpr uint32_t kRejectedInARow = 10;

// Why a batch waits for an operator, for people, and for how long until it is tried again.
struct OperatorWait {
  const char* why;
  Duration retry;
};
extern const OperatorWait kNoFieldMatches;
extern const OperatorWait kTableDiffers;
extern const OperatorWait kTooManyInserts;

// State that the writers of a stream share. Threads: any.
class RejectionMemory {
 public:
  void accepted();
  // Returns how many messages in a row were rejected with `code`, with none accepted in between.
  uint32_t rejected(int code);
  // The operator treats the rejected rows as bad data: batches with rows of `partition` resume.
  void skip(Partition partition);
  // Reports the failure, and waits until the retry is due, a stop is requested, or a partition of the batch is skipped.
  // True if skipped. `inserts`: so far.
  bool wait_for_operator(const SealedBatch& batch, const WriteOutcome& failure, uint32_t inserts,
                         const OperatorWait& wait, const WriteControl& control, Clock& clock);

 private:
  uint64_t count(const SealedBatch& batch) const REQUIRES(mutex_);

  Mutex mutex_;
  CondVar skipped_;
  int code_ GUARDED_BY(mutex_) = 0;
  uint32_t in_a_row_ GUARDED_BY(mutex_) = 0;
  std::map<Partition, uint64_t> skips_ GUARDED_BY(mutex_);
};

}  // namespace freshet::stream
