// The inserts of a batch, or of a range of its messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "ports/row_writer.h"
#include "stream/batch_pieces.h"

namespace freshet::stream {

// The messages with rows of a batch in a list, for many inserts of its pieces. BatchMessages needs no list. The
// requests borrow the batch, and have no token. Threads: one at a time.
class BatchRequests {
 public:
  explicit BatchRequests(const SealedBatch& batch);

  size_t count() const { return items_.size(); }
  Piece whole() const { return {0, items_.size()}; }
  bool is_whole(Piece piece) const { return piece.begin == 0 && piece.end == items_.size(); }
  BatchMessages::Place place(size_t index) const { return items_[index].place; }
  uint64_t rows(Piece piece) const;
  uint64_t bytes(Piece piece) const;
  // The message of the piece that has its row number `row`, counted from 0.
  size_t with_row(Piece piece, uint64_t row) const;
  InsertRequest request(Piece piece) const;
  // Of these messages of the piece, ascending.
  InsertRequest request(Piece piece, const std::vector<Offset>& only) const;
  // Requires a batch of one partition.
  InsertMessages messages(Piece piece) const;

 private:
  struct Item {
    BatchMessages::Place place;
    uint64_t rows_before;  // rows of the batch before this message
  };
  const MessageRows& message(size_t index) const;
  const RowLayout* one_address(const RowLayout* layout) const;
  const RowLayout* layout_of(size_t index) const;
  void append(size_t index, InsertRequest& request) const;

  const SealedBatch& batch_;
  std::vector<Item> items_;
  std::vector<const RowLayout*> layouts_;  // of each chunk; equal layouts have one address
};

// The insert of all rows, without a list of the messages.
InsertRequest whole_request(const SealedBatch& batch);

}  // namespace freshet::stream
