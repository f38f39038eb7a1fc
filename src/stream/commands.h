// What the pipeline decided in one turn of the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "model/batch.h"
#include "ports/offset_gate.h"
#include "ports/source.h"
#include "stream/batch_task.h"
#include "stream/dlq_writer.h"
#include "stream/processing.h"

namespace freshet::stream {

// Stream::execute carries them out once a turn, after Pipeline::tick(), in the order of the members.
struct Commands {
  // For the pools.
  std::vector<Work> work;
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  std::vector<BatchTask> again;  // the remainder of batches that were blocked
  // For the producers.
  std::vector<OutgoingDeadLetter> dead_letters;
  std::vector<GateRecord> records;
  bool purge_records = false;
  // For the source. `answer_assign` comes before `pause`, so that the paused partitions are assigned by then.
  std::optional<std::vector<StartAt>> answer_assign;
  std::vector<Partition> pause;
  std::vector<std::pair<Partition, Offset>> seek;
  std::vector<Partition> refetch;
  std::vector<Partition> resume;
  std::vector<OffsetToCommit> commit;
  // For the writers.
  bool abandon_batches = false;   // all batches
  std::vector<uint64_t> abandon;  // the batches with these ids
  // For the source. These may end the assignment or the consumer, so they come last.
  bool answer_revoke = false;
  std::optional<LeaveMode> begin_close;
};

}  // namespace freshet::stream
