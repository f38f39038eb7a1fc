#include "stream/batch_pieces.h"

#include <algorithm>
#include <string_view>

#include "stream/insert_token.h"

namespace freshet::stream {

size_t BatchMessages::count() const {
  size_t count = 0;
  for (const auto& chunk : batch_.chunks) count += chunk->messages.size();
  return count;
}

BatchMessages::Place BatchMessages::place(size_t index) const {
  uint32_t chunk = 0;
  while (index >= batch_.chunks[chunk]->messages.size()) index -= batch_.chunks[chunk++]->messages.size();
  return {chunk, static_cast<uint32_t>(index)};
}

const MessageRows& BatchMessages::at(size_t index) const {
  const Place found = place(index);
  return batch_.chunks[found.chunk]->messages[found.message];
}

// visit(index, chunk, message)
template <typename Visit>
void BatchMessages::each(Piece piece, Visit&& visit) const {
  size_t begins = 0;
  for (const auto& chunk : batch_.chunks) {
    const size_t ends = begins + chunk->messages.size();
    for (size_t i = std::max(piece.begin, begins); i < std::min(piece.end, ends); ++i) {
      visit(i, *chunk, chunk->messages[i - begins]);
    }
    begins = ends;
  }
}

uint64_t BatchMessages::rows(Piece piece) const {
  uint64_t rows = 0;
  each(piece, [&](size_t, const ProcessedChunk&, const MessageRows& message) { rows += message.row_count; });
  return rows;
}

Hash128 BatchMessages::digest(Piece piece) const {
  Hash128 digest;
  each(piece, [&](size_t, const ProcessedChunk& chunk, const MessageRows& message) {
    const auto rows = std::string_view(chunk.rows).substr(message.rows_begin, message.rows_size);
    add_to_digest(digest, chunk.partition, message, rows);
  });
  return digest;
}

uint32_t BatchMessages::hash(Piece piece) const {
  uint32_t hash = 0;
  each(piece, [&](size_t, const ProcessedChunk&, const MessageRows& message) { hash += message.message_hash; });
  return hash;
}

size_t BatchMessages::with_row(Piece piece, uint64_t row) const {
  size_t found = piece.begin;
  uint64_t before = 0;
  each(piece, [&](size_t index, const ProcessedChunk&, const MessageRows& message) {
    if (before <= row) found = index;
    before += message.row_count;
  });
  return found;
}

}  // namespace freshet::stream
