#include "model/batch.h"

namespace freshet {

std::vector<uint64_t> sequences(const SealedBatch& batch, const BatchPart& part) {
  std::vector<uint64_t> chunks;
  chunks.reserve(part.end - part.begin);
  for (size_t c = part.begin; c < part.end; ++c) chunks.push_back(batch.chunks[c]->sequence);
  return chunks;
}

}  // namespace freshet
