// One owned partition: what was delivered, what of it is unfinished, and up to where it may be committed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/message.h"
#include "model/rows.h"
#include "ports/source.h"
#include "stream/commit_progress.h"

namespace freshet::stream {

// Why a partition is held: nothing of it is delivered until the cause is gone or an operator releases it.
enum class Hold {
  Source,      // it has no start position that the policy allows
  Unreadable,  // the source cannot unpack what comes next
  Invalid,     // a message that cannot become rows, and no dead-letter topic
  Flood,       // more dead letters than the limit allows
  TooLarge,    // a dead letter that its topic does not take
  Refused,     // a replacement that its topic does not take; tried again all the same
  Blocked,     // a batch with rows of it waits for an operator
};

struct HoldCause {
  Hold hold;
  std::string reason;  // for a person
};

// Rows that are in no batch yet, and since when they could be: a batch's age counts from there.
struct WaitingRows {
  std::shared_ptr<const ProcessedChunk> chunk;
  SteadyTime since;
};

// The tracker of one epoch of a partition. A chunk gets its sequence number as it is delivered: the offset of its first
// message. Chunks come back processed in any order, whole or in pieces (the pieces of one in their order), and leave in
// the order of their offsets. Threads: the loop only.
class PartitionStream {
 public:
  using Chunk = std::shared_ptr<const ProcessedChunk>;

  PartitionStream(Partition partition, Epoch epoch, Offset start);

  // Opens the chunk's offsets; returns its sequence number. Offsets must ascend; gaps are normal.
  uint64_t deliver(OffsetRange offsets);
  // Appends what can leave in order now. A chunk whose every message was skipped finishes by itself. Behind a piece
  // (ProcessedChunk::rest_follows) the rest stays open as a chunk of its own.
  void processed(Chunk chunk, std::vector<Chunk>& in_order);
  // The table refuses these rows of the chunk: they stay open as letters.
  void rows_refused(uint64_t sequence, const std::vector<Offset>& refused);
  // What the chunk's batch covers is stored, and its commit-log record is in the topic where there is one.
  void batch_finished(uint64_t sequence);
  // A letter was acknowledged by the broker, or given up by a rule or an operator.
  void letter_finished(Offset offset);
  // The broker has the replacement.
  void replacement_finished(Offset offset);

  // The next message to read after a restart: everything below is finished.
  Offset committable() const;
  bool idle() const { return open_.empty(); }
  bool all_processed() const;
  std::vector<Offset> letters_below(Offset next) const;
  std::optional<Offset> first_letter() const;
  uint64_t open_messages() const;

  bool held() const { return !holds.empty(); }
  bool held_by(Hold hold) const;

  // There is something to commit, and it may be. While the source looks up where the partition goes on, what the broker
  // has is looked up and changed by the source, and by nobody else.
  bool wants_commit() const { return start_held == StartAt::Held::No && commits.wants(committable()); }

  const Partition partition;
  const Epoch epoch;
  const Offset start;
  Offset position;  // next message to deliver
  CommitProgress commits;
  Offset unreadable_at{};                        // Hold::Unreadable only
  StartAt::Held start_held = StartAt::Held::No;  // by the source
  uint32_t batches = 0;                          // sealed batches that hold rows of it
  uint32_t letters = 0;                          // letters of it that are not finished
  std::vector<HoldCause> holds;                  // each at most once, as they came; the first is the one to deal with
  std::optional<SteadyTime> hold_said;           // last logged
  bool paused = false;                           // as the source was told
  bool revoking = false;                         // being drained: nothing of it enters a batch any more
  bool suspended = false;                        // not owned now; it goes on if the partition comes straight back
  std::vector<WaitingRows> parked;               // rows that enter a batch when it goes on
  bool reached_stop = false;                     // stop-at-timestamp

 private:
  struct OpenChunk {
    OffsetRange offsets;
    Chunk waiting{};  // processed, and waits for those before it
    bool processed = false;
    bool batch_done = false;
    Offset first_covered{};
    std::vector<Offset> letters{};       // ascending
    std::vector<Offset> replacements{};  // ascending
    bool finished() const { return processed && batch_done && letters.empty() && replacements.empty(); }
  };
  OpenChunk* chunk_of(Offset offset);
  void settle(OpenChunk& chunk);
  OpenChunk& at(uint64_t sequence) { return *chunk_of(Offset{static_cast<int64_t>(sequence)}); }
  void split(OpenChunk& chunk, Offset last);

  std::deque<OpenChunk> open_;
  size_t left_ = 0;  // the first ones of open_: they have left in order
};

}  // namespace freshet::stream
