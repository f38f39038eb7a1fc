// The lines of the input are the messages of a chunk. Each message results in rows, is skipped or is invalid. Its rows
// are at the byte range that the chunk reports, and its dead-letter record contains the message.
#include <cstdlib>
#include <string>
#include <vector>

#include "processors/registry.h"
#include "stream/dlq_context.h"
#include "stream/processing.h"

namespace {

using namespace freshet;

// Messages whose keys, payloads and headers are in the test's own memory.
struct Record {
  std::optional<std::string> key;
  std::string payload;
};

class NoHeaders final : public MessageMemory {
 public:
  void release(void*) const noexcept override {}
  void headers(const void* record, std::vector<HeaderView>& out) const override {
    out.push_back({"name", std::string_view(static_cast<const Record*>(record)->payload)});
    out.push_back({"empty", std::nullopt});
  }
};

std::vector<Record> records_of(std::string_view input) {
  std::vector<Record> records;
  while (!input.empty() && records.size() < 64) {
    const size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) {
      records.push_back({std::nullopt, std::string(line)});
    } else {
      records.push_back({std::string(line.substr(0, tab)), std::string(line.substr(tab + 1))});
    }
  }
  return records;
}

stream::ChunkProcessor& chunk_processor() {
  static RealClock clock;
  static Metrics metrics;
  static const auto factory = processors::make_factory(processors::ProcessorsSettings(), {&clock, &metrics});
  static stream::ChunkProcessor processor(*factory,
                                          {.topic = "topic", .encode_dlq_contexts = true, .piece_bytes = 256});
  return processor;
}

// Returns the number of messages in this piece of the chunk.
size_t check(const ProcessedChunk& chunk, const std::vector<Record>& records) {
  uint64_t rows = 0;
  size_t end = 0;
  for (const MessageRows& message : chunk.messages) {
    if (message.rows_begin < end || message.rows_begin + message.rows_size > chunk.rows.size()) std::abort();
    end = message.rows_begin + message.rows_size;
    rows += message.row_count;
    const Record& record = records[static_cast<size_t>(message.offset.value)];
    const DeadLetterRecord dead_letter = stream::decode_dlq_context(chunk, message, "topic");
    if (dead_letter.key != record.key || dead_letter.payload != record.payload || dead_letter.headers.size() != 2)
      std::abort();
  }
  if (rows != chunk.row_count) std::abort();
  return chunk.messages.size() + chunk.invalid.size() + chunk.skipped_count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const NoHeaders memory;
  const std::vector<Record> records = records_of({reinterpret_cast<const char*>(data), size});
  if (records.empty()) return 0;
  stream::Work work;
  work.chunk.partition = Partition{0};
  work.assignment = AssignmentId{1};
  for (size_t i = 0; i < records.size(); ++i) {
    Message message(&memory, nullptr, &records[i]);
    message.offset = Offset{static_cast<int64_t>(i)};
    message.timestamp_ms = 1'790'000'000'000;
    if (records[i].key) message.key = *records[i].key;
    message.payload = records[i].payload;
    work.chunk.bytes += message.bytes();
    work.chunk.messages.push_back(std::move(message));
  }
  size_t accounted = 0;
  for (bool rest = true; rest;) {
    const auto piece = chunk_processor().process(work);
    accounted += check(*piece, records);
    rest = piece->rest_follows;
    if (rest == work.chunk.messages.empty()) std::abort();
  }
  if (accounted != records.size()) std::abort();
  return 0;
}
