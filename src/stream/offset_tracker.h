// The offsets of one partition: what was delivered, what of it is unfinished, and up to where it may be committed.
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

// A chunk gets its sequence number as it is delivered: the offset of its first message. Chunks come back processed in
// any order, whole or in pieces (the pieces of one in their order), and leave in the order of their offsets. Threads:
// the loop only.
class OffsetTracker {
 public:
  using Chunk = std::shared_ptr<const ProcessedChunk>;

  explicit OffsetTracker(Offset start) : position_(start) {}

  // Opens the chunk's offsets; returns its sequence number. Offsets must ascend; gaps are normal.
  uint64_t deliver(OffsetRange offsets);
  // Nothing below `next` will be delivered any more.
  void move_to(Offset next) { position_ = next; }
  // Appends what can leave in order now. A chunk whose every message was skipped finishes by itself. Behind a piece
  // (ProcessedChunk::rest_follows) the rest stays open as a chunk of its own.
  void processed(Chunk chunk, std::vector<Chunk>& in_order);
  // The table refuses these rows of the chunk: they stay open as dead letters.
  void rows_refused(uint64_t sequence, const std::vector<Offset>& refused);
  // What the chunk's batch covers is stored, and its commit-log record is in the topic where there is one.
  void batch_finished(uint64_t sequence);
  // A dead letter was acknowledged by the broker, or given up by a rule or an operator.
  void dead_letter_finished(Offset offset);
  // The broker has the side record.
  void side_record_finished(Offset offset);

  // The next message to deliver.
  Offset position() const { return position_; }
  // The next message to read after a restart: everything below is finished.
  Offset committable() const;
  bool idle() const { return open_.empty(); }
  bool all_processed() const;
  // Of the dead letters that are not finished.
  bool has_dead_letters() const { return dead_letters_ > 0; }
  std::vector<Offset> dead_letters_below(Offset next) const;
  std::optional<Offset> first_dead_letter() const;
  uint64_t open_messages() const;

 private:
  struct OpenChunk {
    OffsetRange offsets;
    Chunk waiting{};  // processed, and waits for those before it
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
  size_t left_ = 0;            // the first ones of open_: they have left in order
  uint32_t dead_letters_ = 0;  // of all chunks
};

}  // namespace freshet::stream
