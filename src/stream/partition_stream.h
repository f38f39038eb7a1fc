// One owned partition: what was delivered, what of it is unfinished, and up to where it may be committed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
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

// The tracker of one epoch of a partition. Chunks get sequence numbers as they are delivered; they come back processed
// in any order and leave in order of their offsets. Threads: the loop only.
class PartitionStream {
 public:
  using Chunk = std::shared_ptr<const ProcessedChunk>;

  PartitionStream(Partition partition, Epoch epoch, Offset start);

  // Opens the chunk's offsets; returns its sequence number. Offsets must ascend; gaps are normal.
  uint64_t deliver(OffsetRange offsets, size_t charged_bytes);
  // Appends what can leave in order now. A chunk whose every message was skipped finishes by itself.
  void processed(Chunk chunk, std::vector<Chunk>& in_order);
  // The table refuses these rows of the chunk: they stay open as letters.
  void rows_refused(uint64_t sequence, const std::vector<Offset>& refused);
  // A letter that waits takes memory of its own: more is charged for its chunk. False: the chunk is finished already.
  bool charge(Offset letter, size_t bytes);
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
  // Bytes of chunks that finished since the last call.
  size_t take_released_bytes() { return std::exchange(released_bytes_, 0); }
  size_t open_bytes() const { return open_bytes_; }
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
    size_t charged_bytes;
    bool processed = false;
    bool batch_done = false;
    Offset first_covered{};
    std::vector<Offset> letters{};       // ascending
    std::vector<Offset> replacements{};  // ascending
    bool finished() const { return processed && batch_done && letters.empty() && replacements.empty(); }
  };
  OpenChunk* chunk_of(Offset offset);
  void settle(OpenChunk& chunk);
  OpenChunk& at(uint64_t sequence) { return open_[sequence - first_sequence_]; }

  std::deque<OpenChunk> open_;
  uint64_t first_sequence_ = 0;        // of open_.front()
  uint64_t next_in_order_ = 0;         // the chunk that may leave next
  std::map<uint64_t, Chunk> waiting_;  // processed out of order
  size_t open_bytes_ = 0;
  size_t released_bytes_ = 0;
};

}  // namespace freshet::stream
