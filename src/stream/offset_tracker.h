// The offsets of one partition: which were delivered, which are unfinished, and up to where they may be committed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "model/ids.h"
#include "model/message.h"
#include "model/rows.h"

namespace freshet::stream {

// deliver() opens a chunk; its sequence number is the offset of its first message. Chunks come back from the workers in
// any order, whole or in pieces (the pieces of one chunk in order), and leave in offset order. Threads: the loop only.
class OffsetTracker {
 public:
  using Chunk = std::shared_ptr<const ProcessedChunk>;

  explicit OffsetTracker(Offset start) : position_(start) {}

  // Opens a chunk and returns its sequence number. Offsets must ascend; gaps are normal.
  uint64_t deliver(OffsetRange offsets);
  // Nothing below `next` will be delivered.
  void move_to(Offset next) { position_ = next; }
  // Appends the chunks that may now leave in order. A chunk without covered offsets needs no batch. If the chunk is
  // only a piece (ProcessedChunk::rest_follows), the rest stays open as a chunk of its own.
  void processed(Chunk chunk, std::vector<Chunk>& in_order);
  // The table rejects the rows of these messages of the chunk: they stay open as dead letters.
  void rows_rejected(uint64_t sequence, const std::vector<Offset>& rejected);
  // The rows of the chunk are stored, and the gate has finished their batch.
  void batch_finished(uint64_t sequence);
  // The topic acknowledged the dead letter, or a rule or an operator dropped it.
  void dead_letter_finished(Offset offset);
  // The broker acknowledged the side record.
  void side_record_finished(Offset offset);

  // The next message to deliver.
  Offset position() const { return position_; }
  // The first message that may still leave in order: all chunks below it have left.
  Offset next_to_leave() const { return left_ < open_.size() ? open_[left_].offsets.first : position_; }
  // The next message to read after a restart: everything below is finished.
  Offset committable() const;
  bool idle() const { return open_.empty(); }
  bool all_processed() const;
  // Everything between these offsets was delivered, and is finished.
  bool finished(OffsetRange offsets) const;
  // Unfinished dead letters.
  bool has_dead_letters() const { return dead_letters_ > 0; }
  std::vector<Offset> dead_letters_below(Offset next) const;
  std::optional<Offset> first_dead_letter() const;
  uint64_t open_messages() const;

 private:
  struct OpenChunk {
    OffsetRange offsets;
    Chunk waiting{};  // processed, and waits for the chunks before it
    bool processed = false;
    bool batch_done = false;
    Offset first_covered{};
    std::vector<Offset> dead_letters{};  // ascending
    std::vector<Offset> side_records{};  // ascending
    bool finished() const { return processed && batch_done && dead_letters.empty() && side_records.empty(); }
  };
  OpenChunk* chunk_of(Offset offset);
  void settle(OpenChunk& chunk);
  OpenChunk& at(uint64_t sequence) { return *chunk_of(Offset{static_cast<int64_t>(sequence)}); }
  void split(OpenChunk& chunk, Offset last);

  Offset position_;
  std::deque<OpenChunk> open_;
  size_t left_ = 0;            // how many chunks at the front of open_ have left in order
  uint32_t dead_letters_ = 0;  // in all open chunks
};

}  // namespace freshet::stream
