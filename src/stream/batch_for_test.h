// A sealed batch of given rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/batch.h"
#include "stream/batcher.h"

namespace freshet::stream {

// A batch of one chunk whose message i has the row `rows[i]`.
inline std::shared_ptr<const SealedBatch> batch_of(const std::vector<std::string>& rows) {
  auto chunk = std::make_shared<ProcessedChunk>();
  for (size_t i = 0; i < rows.size(); ++i) {
    MessageRows message;
    message.offset = Offset{static_cast<int64_t>(i)};
    message.rows_begin = chunk->rows.size();
    chunk->rows += rows[i] + "\n";
    message.rows_size = chunk->rows.size() - message.rows_begin;
    message.row_count = 1;
    chunk->messages.push_back(message);
    ++chunk->row_count;
  }
  Batcher batcher({"cluster", "t", "group"});
  batcher.add({chunk, {}});
  return batcher.seal({}, SealReason::NoRoom, {}, {});
}

}  // namespace freshet::stream
