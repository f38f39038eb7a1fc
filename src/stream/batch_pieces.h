// Ranges of a batch's messages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/city_hash.h"
#include "model/batch.h"
#include "model/ids.h"

namespace freshet::stream {

// A half-open range [begin, end) of the batch's messages with rows, indexed across all its chunks.
struct Piece {
  size_t begin = 0;
  size_t end = 0;
};

// The messages with rows of a batch by index. Borrows the batch. Threads: any.
class BatchMessages {
 public:
  explicit BatchMessages(const SealedBatch& batch) : batch_(batch) {}

  struct Place {
    uint32_t chunk = 0;    // index in SealedBatch::chunks
    uint32_t message = 0;  // index in ProcessedChunk::messages
  };
  size_t count() const;
  Place place(size_t index) const;
  const MessageRows& at(size_t index) const;
  uint64_t rows(Piece piece) const;
  // Of the messages and their rows (stream/insert_token.h).
  Hash128 digest(Piece piece) const;
  // PlanCheck::messages
  uint32_t hash(Piece piece) const;
  // The message of the piece that has its row number `row`, counted from 0.
  size_t with_row(Piece piece, uint64_t row) const;

 private:
  template <typename Visit>
  void each(Piece piece, Visit&& visit) const;

  const SealedBatch& batch_;
};

}  // namespace freshet::stream
