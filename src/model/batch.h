// A sealed batch: immutable; its offset spans per partition suffice to rebuild it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/rows.h"

namespace freshet {

// The messages of one partition in a batch: all from first to last, except invalid and skipped ones. The first and the
// last have rows, unless the batch is planned.
struct Span {
  Partition partition;
  AssignmentId assignment;
  OffsetRange offsets;
};

// What is finished in one partition once the batch is stored; includes messages without rows if the offset gate needs
// them.
struct BatchPart {
  Partition partition;
  AssignmentId assignment;
  size_t begin = 0;  // chunks [begin, end) of SealedBatch::chunks
  size_t end = 0;
};

// By what the next owner of a partition recognises the messages of a planned insert, although their rows may differ.
struct PlanCheck {
  uint32_t messages = 0;  // the sum of MessageRows::message_hash
  uint16_t layout = 0;    // of the layout of all rows; 0 = there are several
  bool operator==(const PlanCheck&) const = default;
};

struct SealedBatch {
  uint64_t id = 0;
  SteadyTime sealed_at{};
  SteadyTime oldest{};                                        // since when its oldest rows waited
  std::shared_ptr<const RowLayout> layout = plain_layout();   // of all its chunks; plain if theirs differ
  std::vector<std::shared_ptr<const ProcessedChunk>> chunks;  // in insert order: by partition, then sequence
  std::vector<Span> spans;                                    // one per partition with rows, ascending
  std::vector<BatchPart> parts;                               // one per partition, ascending
  uint64_t row_count = 0;
  uint64_t row_bytes = 0;
  std::string insert_token;  // different for any two different batches (stream/insert_token.h)
  Hash128 token_hash{};      // InsertToken::hash
  // Exactly-once delivery: its only span is planned (stream/partition_plan.h), from the end of the span before it.
  bool planned = false;
  PlanCheck plan_check{};  // if it is planned
};

// The sequence numbers of the part's chunks.
std::vector<uint64_t> sequences(const SealedBatch& batch, const BatchPart& part);

}  // namespace freshet
