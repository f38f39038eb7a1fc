// A sealed batch: immutable, knows its offset spans per partition, and so can be rebuilt from offsets alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/rows.h"

namespace freshet {

// The part of one partition in a batch: everything from first to last that is neither invalid nor skipped.
struct Span {
  Partition partition;
  AssignmentId assignment;
  OffsetRange offsets;
};

// All of one partition that the batch finishes once it is stored; where the offset gate needs them, also messages
// without rows.
struct BatchPart {
  Partition partition;
  AssignmentId assignment;
  size_t begin = 0;  // its chunks: [begin, end) of SealedBatch::chunks
  size_t end = 0;
};

struct SealedBatch {
  uint64_t id = 0;
  SteadyTime sealed_at{};
  std::shared_ptr<const RowLayout> layout = plain_layout();   // of all its chunks
  std::vector<std::shared_ptr<const ProcessedChunk>> chunks;  // rows in insert order; by partition, then sequence
  std::vector<Span> spans;                                    // one per partition with rows, ascending
  std::vector<BatchPart> parts;                               // one per partition, ascending
  uint64_t row_count = 0;
  uint64_t row_bytes = 0;
  std::string insert_token;  // different for any two different batches (see stream/insert_token.h)
};

// The sequence numbers of the part's chunks.
std::vector<uint64_t> sequences(const SealedBatch& batch, const BatchPart& part);

}  // namespace freshet
