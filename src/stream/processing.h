// A worker's work: a chunk of messages becomes rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/message.h"
#include "model/rows.h"
#include "ports/processor.h"
#include "stream/admission.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

// A chunk on its way to a worker.
struct Work {
  MessageChunk chunk;
  Epoch epoch;
  uint64_t sequence = 0;
};

// The server takes an insert of fewer rows and bytes as one block, whole or not at all.
constexpr uint64_t kMaxInsertRows = 999'999;
constexpr uint64_t kMaxInsertBytes = 200'000'000;

// What a worker needs beside its processor.
struct ProcessingRules {
  std::string topic;
  bool keep_for_letters = false;   // rows that the table refuses may have to become dead letters
  bool cover_skipped = false;      // messages without rows close with their batch: the commit log tells of them
  bool has_replacements = false;   // there is a topic for them
  bool drop_replacements = false;  // nothing is written at all

  static ProcessingRules of(const StreamSettings& settings, bool has_dead_letters);
};

// Threads: one instance per worker.
class ChunkProcessor {
 public:
  // `admission` may be null: the processor sees every message.
  ChunkProcessor(std::unique_ptr<Processor> processor, ProcessingRules rules,
                 std::unique_ptr<Admission> admission = nullptr);

  // Runs every message through the processor and gives its memory back to the source. Never throws.
  std::shared_ptr<const ProcessedChunk> process(Work work);
  // The stream ends: a processor that waits gives up. Threads: any.
  void interrupt() noexcept { processor_->interrupt(); }

 private:
  Verdict judge(const Message& message, ProcessedChunk& out);
  void process_message(const Message& message, ProcessedChunk& out);
  void add_rows(const Message& message, const Verdict& verdict, size_t begin, ProcessedChunk& out);
  void add_facts(const Message& message, const Verdict& verdict, ChunkFacts& facts);
  void add_skipped(const Message& message, ProcessedChunk& out);
  void add_replacement(const Message& message, Verdict verdict, ProcessedChunk& out);
  void add_invalid(const Message& message, Verdict verdict, ProcessedChunk& out);

  const std::unique_ptr<Processor> processor_;
  const ProcessingRules rules_;
  const std::unique_ptr<Admission> admission_;
  std::shared_ptr<const RowLayout> layout_ = plain_layout();  // of the processor, shared by its chunks
  std::vector<HeaderView> headers_;
};

}  // namespace freshet::stream
