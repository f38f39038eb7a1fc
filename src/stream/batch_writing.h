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
#include "stream/insert_limit.h"

namespace freshet::stream {

struct RefusedMessage {
  uint32_t chunk = 0;    // index in SealedBatch::chunks
  uint32_t message = 0;  // index in ProcessedChunk::messages
  int code = 0;
  std::string text;
};

// Messages of a batch, counted over all its chunks: [begin, end).
struct Piece {
  size_t begin = 0;
  size_t end = 0;
};

// Why a piece of a batch cannot go on without a person.
enum class Blocked {
  MaybeStored,  // the table may hold its rows, and a repeat may store them again
  TooLarge,     // one message that no insert takes (or too many of them); it is tried again every 30 s
};

struct BlockedPiece {
  Blocked why = Blocked::MaybeStored;
  Piece piece;
  uint64_t rows = 0;
  int code = 0;
  std::string text;      // as WriteOutcome says it
  std::string reason{};  // the same
};

// Of a piece of one message.
RefusedMessage refused_message(const SealedBatch& batch, const BlockedPiece& piece);

// A batch, or what is left of one that was blocked. `open`: what to write, as it was sent before; empty = all of it.
struct BatchTask {
  BatchTask() = default;
  BatchTask(std::shared_ptr<const SealedBatch> whole) : batch(std::move(whole)) {}
  std::shared_ptr<const SealedBatch> batch;
  std::vector<Piece> open;
  std::vector<RefusedMessage> refused;  // so far
};

struct BatchResult {
  std::shared_ptr<const SealedBatch> batch;
  bool written = false;  // false: blocked, or abandoned, whether it was stored is unknown
  std::vector<RefusedMessage> refused;
  uint32_t inserts = 1;
  Duration took{};                      // with all retries
  std::vector<BlockedPiece> blocked{};  // not empty: all else of the batch is stored or refused
};

// What all writers of a stream know together. Threads: any.
class RefusalMemory {
 public:
  void accepted();
  // Returns how many messages in a row were refused with this code and none accepted.
  uint32_t refused(int code);
  // The operator says that the refused rows are bad data after all: batches with rows of the partition go on.
  void skip(Partition partition);
  // How often the batch's partitions were skipped.
  uint64_t skips(const SealedBatch& batch);
  // Waits until `deadline`, `stop` or a skip of the batch after the `seen`-th; true when skipped.
  bool wait_for_skip(const SealedBatch& batch, Clock& clock, std::stop_token stop, SteadyTime deadline, uint64_t seen);

 private:
  uint64_t count(const SealedBatch& batch) const REQUIRES(mutex_);

  Mutex mutex_;
  CondVar skipped_;
  int code_ GUARDED_BY(mutex_) = 0;
  uint32_t in_a_row_ GUARDED_BY(mutex_) = 0;
  std::map<Partition, uint64_t> skips_ GUARDED_BY(mutex_);
};

// Threads: one writer's.
class BatchWriting {
 public:
  BatchWriting(RowWriter& writer, RefusalMemory& memory, InsertLimit& limit, Clock& clock);

  // Returns when every message of the batch is stored, refused or blocked, or `control.stop` was requested. When all of
  // a batch is refused alike, or has no field that is a column, it waits here and is tried again: that is a change of
  // schema, not bad data. An insert that is too large is halved as long as nothing of it can be stored.
  BatchResult write(BatchTask task, const WriteControl& control);

 private:
  struct Item {
    uint32_t chunk;
    uint32_t message;
    uint64_t rows_before;  // of the whole batch
  };
  struct Attempt {
    Piece piece;
    bool searching = false;                  // for bad messages
    std::optional<WriteOutcome> known = {};  // it was made already, and ended so
  };
  enum class StepResult { Done, Abandoned, OutOfInserts };

  void begin(BatchTask task);
  void list_items();
  std::vector<Attempt> open_attempts() const;
  StepResult write_open(const WriteControl& control);
  StepResult take_step(Attempt attempt, std::vector<Attempt>& attempts, const WriteControl& control);
  StepResult take_refusal(const Attempt& attempt, const WriteOutcome& outcome, std::vector<Attempt>& attempts,
                          const WriteControl& control);
  void take_too_large(const Attempt& attempt, const WriteOutcome& outcome, std::vector<Attempt>& attempts);
  void search(Piece piece, const WriteOutcome& outcome, std::vector<Attempt>& attempts);
  static void halve(const Attempt& attempt, std::vector<Attempt>& attempts);
  bool exceeds_limit(Piece piece);
  uint64_t bytes_of(Piece piece) const;
  const MessageRows& message_of(size_t item) const;
  InsertRequest whole_request() const;
  WriteOutcome insert(Piece piece, const WriteControl& control);
  WriteOutcome send(InsertRequest request, const WriteControl& control);
  bool settle(Piece piece, const WriteOutcome& outcome);
  void mark(Piece piece, bool finished);
  void block(Blocked why, Piece piece, const WriteOutcome& outcome);
  void refuse(size_t item, const WriteOutcome& outcome);
  bool looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned);
  // Waits with the rest of the batch; true when the operator skipped it.
  bool wait_for_operator(const WriteOutcome& outcome, const WriteControl& control, const char* what, Duration retry);

  RowWriter& writer_;
  RefusalMemory& memory_;
  InsertLimit& limit_;
  Clock& clock_;
  std::shared_ptr<const SealedBatch> batch_;
  std::vector<Piece> begun_with_;  // see BatchTask::open
  std::vector<Item> items_;
  std::vector<bool> finished_;  // by item: stored, refused or blocked
  bool schema_checked_ = false;
  bool without_fields_ = false;
  uint32_t search_inserts_ = 0;
  uint32_t too_large_in_a_row_ = 0;  // single messages, and none accepted
  uint32_t in_one_go_ = 0;           // inserts since the batch last waited
  WriteOutcome refusal_;             // the last of each kind
  WriteOutcome too_large_;
  BatchResult result_;
};

}  // namespace freshet::stream
