// For unit tests: a chunk of messages with one row each.
#pragma once

#include <memory>

#include "model/rows.h"

namespace freshet::stream {

inline std::shared_ptr<ProcessedChunk> chunk(uint64_t sequence, int64_t first, int64_t last, int32_t partition = 0) {
  auto out = std::make_shared<ProcessedChunk>();
  out->partition = Partition{partition};
  out->sequence = sequence;
  out->offsets = {Offset{first}, Offset{last}};
  for (int64_t offset = first; offset <= last; ++offset) {
    MessageRows message;
    message.offset = Offset{offset};
    message.row_count = 1;
    out->messages.push_back(message);
    out->rows += "{}\n";
    ++out->row_count;
  }
  out->covered = out->offsets;
  return out;
}

}  // namespace freshet::stream
