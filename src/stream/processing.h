// What a worker does: turn a chunk of messages into rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/allocation_limit.h"
#include "base/mutex.h"
#include "model/message.h"
#include "model/rows.h"
#include "ports/offset_gate.h"
#include "ports/processor.h"
#include "stream/message_filter.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

// A chunk on its way to a worker.
struct Work {
  MessageChunk chunk;
  AssignmentId assignment;
  uint64_t sequence = 0;
  Charge charge;         // see charge_for()
  bool must = false;     // begin even without room in the byte budget: nothing else can make progress
  bool planned = false;  // its rows go into planned inserts, which need MessageRows::message_hash
  Charge rows{};         // of the next piece: what they will take, about

  bool has_room() const { return charge.has_room(bytes_of_rows()); }
  // Call before each piece of it is processed. False: there is no room for its rows, so hand it back.
  bool begin_piece();

 private:
  uint64_t bytes_of_rows() const;
};

// Bytes to charge until the chunk is processed: its messages, and the memory to process its largest message if that is
// large.
uint64_t charge_for(const MessageChunk& chunk);

constexpr uint64_t kUnlimited = uint64_t{1} << 62;

// The stream's settings as far as a worker needs them.
struct ProcessingRules {
  std::string topic;
  bool encode_dlq_contexts = false;    // rows that the table rejects may become dead-letter records
  bool cover_skipped = false;          // OffsetGate::Needs::skipped_messages
  bool has_side_records = false;       // there is a topic for messages that become a SideRecord
  bool drop_side_records = false;      // nothing is written at all
  uint64_t memory_limit = kUnlimited;  // of the process, in bytes
  // A piece of a chunk ends once its rows and dead-letter records reach this size, so that the budget soon sees rows
  // that are larger than their messages.
  uint64_t piece_bytes = 4 << 20;

  static ProcessingRules of(const StreamSettings& settings, bool has_dead_letters, const OffsetGate::Needs& gate);
};

// Threads: one instance per worker.
class ChunkProcessor {
 public:
  // `filter` may be null: the processor sees every message. A processor that keeps too much memory is replaced by a new
  // one from `factory`.
  ChunkProcessor(ProcessorFactory factory, ProcessingRules rules, std::unique_ptr<MessageFilter> filter = nullptr);

  // Processes messages, and releases each one's memory. Ends early if the rows become large: the remaining messages
  // stay in `work`, which is empty otherwise. Requires a non-empty `work`. Never throws.
  std::shared_ptr<const ProcessedChunk> process(Work& work);
  // The stream ends: makes a processor that waits give up. Threads: any.
  void interrupt() noexcept;

 private:
  // These return the processor's result without moving it: that took as long as a field of a message. So a function
  // that has it as a variable returns nothing else; run_alone() may, because it is for large messages.
  ProcessResult filter_and_process(Message& message, ProcessedChunk& out);
  ProcessResult run_processor(Message& message, ProcessedChunk& out);
  ProcessResult run_small(Message& message, ProcessedChunk& out);
  ProcessResult run_alone(Message& message, ProcessedChunk& out);
  ProcessResult run_within(uint64_t bytes, const Message& message, ProcessedChunk& out, bool& enough);
  ProcessResult run_counted(const AllocationLimit& limit, int64_t before, const Message& message, ProcessedChunk& out);
  void end_piece_if_processor_is_large();
  void process_message(Message& message, ProcessedChunk& out);
  bool full(ProcessedChunk& out) const;
  size_t likely_row_bytes(size_t payload_bytes) const;
  bool wants_own_piece(const Message& next, const ProcessedChunk& out) const;
  void add_rows(Message& message, const ProcessResult& result, size_t begin, ProcessedChunk& out);
  void add_stats(const Message& message, const ProcessResult& result, ChunkStats& stats);
  void add_skipped(const Message& message, ProcessedChunk& out);
  void add_side_record(const Message& message, ProcessResult result, ProcessedChunk& out);
  void add_invalid(const Message& message, ProcessResult result, ProcessedChunk& out);

  const ProcessorFactory factory_;
  Mutex mutex_;
  std::unique_ptr<Processor> processor_;  // replaced under mutex_ by the worker's thread, which reads it without
  bool interrupted_ GUARDED_BY(mutex_) = false;
  int64_t processor_bytes_ = 0;  // allocated by the processor and not freed
  const ProcessingRules rules_;
  const std::unique_ptr<MessageFilter> filter_;
  std::shared_ptr<const RowLayout> layout_ = plain_layout();  // of the processor, shared by its chunks
  std::vector<HeaderView> headers_;
  double row_bytes_per_byte_ = 1;  // of payload, in the last piece
  // Of the current piece.
  uint64_t record_bytes_ = 0;  // for other topics
  bool piece_ends_ = false;    // regardless of its size
  bool planned_ = false;       // Work::planned
};

}  // namespace freshet::stream
