// What a writer gets to write, and what came of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/batch.h"
#include "stream/batch_pieces.h"

namespace freshet::stream {

struct RejectedMessage {
  uint32_t chunk = 0;    // index in SealedBatch::chunks
  uint32_t message = 0;  // index in ProcessedChunk::messages
  int code = 0;
  std::string text;
};

// Why a piece of a batch needs an operator.
enum class Blocked {
  MaybeStored,  // the table may already hold its rows; a retry may store them twice
  TooLarge,     // a single message exceeds every insert limit, or too many did; retried every 30 s
};

struct BlockedPiece {
  Blocked why = Blocked::MaybeStored;
  Piece piece;
  uint64_t rows = 0;
  int code = 0;
  std::string text;      // WriteOutcome::text
  std::string reason{};  // WriteOutcome::reason
};

// `piece` must consist of one message.
inline RejectedMessage rejected_message(const SealedBatch& batch, const BlockedPiece& piece) {
  RejectedMessage rejected;
  const auto [chunk, message] = BatchMessages(batch).place(piece.piece.begin);
  rejected.chunk = chunk;
  rejected.message = message;
  rejected.code = piece.code;
  rejected.text = piece.text;
  return rejected;
}

// A batch, or the remainder of one that was blocked. `open` lists the pieces to write, cut as they were sent before, so
// that their tokens match; empty = the whole batch.
struct BatchTask {
  BatchTask() = default;
  BatchTask(std::shared_ptr<const SealedBatch> whole) : batch(std::move(whole)) {}
  std::shared_ptr<const SealedBatch> batch;
  std::vector<Piece> open;
  std::vector<RejectedMessage> rejected;  // so far, by earlier tasks
  // Not empty: a planned insert (stream/planned_inserts.h). `open` has its one piece, which is sent with this token.
  std::string planned_token{};
  Duration not_after = Duration::max();  // WriteControl::not_after
  // The planned insert may have been sent before, so it is never split for its size.
  bool maybe_stored = false;
  // It may have been sent in another format, by the partition's last owner. That this one is always too large says
  // nothing about that one.
  bool other_format = false;
  // The last owner made other rows of the same messages. That the table rejects these says nothing about those.
  bool other_rows = false;
  // The table may have some of its rows, under other tokens: only messages without a row are inserted.
  bool repair = false;
  // A part of the planned batch is stored, so a rejected message is bad data and no change of the table.
  bool others_stored = false;
};

// Why a planned insert of several messages was not stored, or the table's rejection of a single one. Nothing of it is
// stored.
struct Refusal {
  bool too_large = false;  // several messages; otherwise the table rejects one of them
  int code = 0;
  std::string text;
  std::optional<uint64_t> row;  // WriteOutcome::row
};

struct BatchResult {
  std::shared_ptr<const SealedBatch> batch;
  bool written = false;  // false: blocked, or abandoned with an unknown outcome
  std::vector<RejectedMessage> rejected;
  uint32_t inserts = 1;
  Duration took{};                      // including retries
  std::vector<BlockedPiece> blocked{};  // if not empty, the rest of the batch is stored or rejected
  // Of a planned insert:
  std::optional<Refusal> refused{};
  bool waited_for_operator = false;  // messages that were rejected before may be accepted now
  bool expired = false;              // it was not sent any more: its plan is too old
  bool incomplete = false;           // acknowledged, but the table misses rows: they need another token
  bool stored_before = false;        // by the partition's last owner: the rows were counted there
};

}  // namespace freshet::stream
