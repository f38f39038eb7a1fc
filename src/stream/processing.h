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

// Threads: one instance per worker.
class ChunkProcessor {
 public:
  // `keep_for_letters`: whether rows that the table refuses may have to become dead letters.
  ChunkProcessor(std::unique_ptr<Processor> processor, std::string topic, bool keep_for_letters);

  // Runs every message through the processor and gives its memory back to the source. Never throws.
  std::shared_ptr<const ProcessedChunk> process(Work work);

 private:
  void process_message(const Message& message, ProcessedChunk& out);
  void add_invalid(const Message& message, std::string code, std::string reason, ProcessedChunk& out);

  const std::unique_ptr<Processor> processor_;
  const std::string topic_;
  const bool keep_for_letters_;
  std::vector<HeaderView> headers_;
};

}  // namespace freshet::stream
