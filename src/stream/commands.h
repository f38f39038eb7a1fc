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
#include "stream/batch_writing.h"
#include "stream/dlq_writer.h"
#include "stream/processing.h"

namespace freshet::stream {

// Carried out once a turn, after Pipeline::tick(), in the order of the members (Stream::execute).
struct Commands {
  // The pools.
  std::vector<Work> work;
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  std::vector<BatchTask> again;  // what is left of batches that were blocked
  // The producers.
  std::vector<OutgoingDeadLetter> dead_letters;
  std::vector<GateRecord> records;
  bool purge_records = false;
  // The source: positions before pauses, so that a pause is of what is assigned by then.
  std::optional<std::vector<StartAt>> answer_assign;
  std::vector<Partition> pause;
  std::vector<std::pair<Partition, Offset>> seek;
  std::vector<Partition> refetch;
  std::vector<Partition> resume;
  std::vector<OffsetToCommit> commit;
  // The writers.
  bool abandon_batches = false;   // all of them
  std::vector<uint64_t> abandon;  // these
  // The source: what may end its assignment, or all of it, comes last.
  bool answer_revoke = false;
  std::optional<LeaveMode> begin_close;
};

}  // namespace freshet::stream
