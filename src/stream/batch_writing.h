// Writes one batch to its end on a writer's thread; finds the messages that the table refuses and writes the rest.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/batch.h"
#include "ports/row_writer.h"

namespace freshet::stream {

struct RefusedMessage {
  uint32_t chunk = 0;    // index in SealedBatch::chunks
  uint32_t message = 0;  // index in ProcessedChunk::messages
  int code = 0;
  std::string text;
};

struct BatchResult {
  std::shared_ptr<const SealedBatch> batch;
  bool written = false;  // false: abandoned, whether it was stored is unknown
  std::vector<RefusedMessage> refused;
  uint32_t inserts = 1;
  Duration took{};  // with all retries
};

// What all writers of a stream know together. Threads: any.
class RefusalMemory {
 public:
  void accepted();
  // Returns how many messages in a row were refused with this code and none accepted.
  uint32_t refused(int code);
  // The operator says that the refused rows are bad data after all: batches with rows of the partition go on.
  void release(Partition partition);
  // How often the batch's partitions were released.
  uint64_t releases(const SealedBatch& batch);
  // Waits until `deadline`, `stop` or a release of the batch after the `seen`-th; true when released.
  bool wait_for_release(const SealedBatch& batch, Clock& clock, std::stop_token stop, SteadyTime deadline,
                        uint64_t seen);

 private:
  uint64_t count(const SealedBatch& batch) const REQUIRES(mutex_);

  Mutex mutex_;
  CondVar released_;
  int code_ GUARDED_BY(mutex_) = 0;
  uint32_t in_a_row_ GUARDED_BY(mutex_) = 0;
  std::map<Partition, uint64_t> releases_ GUARDED_BY(mutex_);
};

// Threads: one writer's.
class BatchWriting {
 public:
  BatchWriting(RowWriter& writer, RefusalMemory& memory, Clock& clock);

  // Returns when every message of the batch is stored or refused, or `control.stop` was requested. When all of a batch
  // is refused alike it is held and tried again every 30 s: that is a change of schema, not bad data.
  BatchResult write(std::shared_ptr<const SealedBatch> batch, const WriteControl& control);

 private:
  struct Item {
    uint32_t chunk;
    uint32_t message;
    uint64_t rows_before;  // of the whole batch
  };
  struct Range {
    size_t begin;
    size_t end;
  };
  enum class Verdict { Done, Abandoned, OutOfInserts };

  void list_items();
  WriteOutcome insert(Range range, const WriteControl& control);
  void refuse(size_t item, const WriteOutcome& outcome);
  bool looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned);
  bool isolate_all(const WriteOutcome& whole, const WriteControl& control);
  Verdict isolate(Range range, const WriteOutcome* known, const WriteControl& control);
  // Holds the rest of the batch; true when the operator released it.
  bool hold(const WriteOutcome& outcome, const WriteControl& control, const char* what);
  std::vector<Range> open_ranges() const;

  RowWriter& writer_;
  RefusalMemory& memory_;
  Clock& clock_;
  std::shared_ptr<const SealedBatch> batch_;
  std::vector<Item> items_;
  std::vector<bool> finished_;  // by item: stored or refused
  BatchResult result_;
};

}  // namespace freshet::stream
