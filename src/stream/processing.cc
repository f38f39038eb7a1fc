#include "stream/processing.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "base/allocation_limit.h"
#include "base/freed_memory.h"
#include "model/framing.h"
#include "model/owned_message.h"
#include "stream/dlq_context.h"
#include "stream/insert_token.h"
#include "stream/message_limits.h"

namespace freshet::stream {
namespace {

// Charged per chunk at least, so that the byte budget also limits the number of chunks.
constexpr uint64_t kMinChunkCharge = 2048;
constexpr size_t kReservedRows = 2 << 20;
constexpr double kSpare = 1.0625;            // more than the last rows took
constexpr double kLeastRows = 0.125;         // of the size of their messages
constexpr uint64_t kChargeStep = 256 << 10;  // rows and DLQ contexts are charged in steps of this size while they grow

// Limits of a worker's allocations per message: kLittleMemory for a small one, kMuchMemory plus kTimesItsSize its size
// for a large one (or a small one that needs it). Those are processed one at a time in the whole process, so that the
// memory is not needed once per worker.
constexpr uint64_t kSmallMessage = 1 << 20;
constexpr uint64_t kVeryLargeMessage = 8 << 20;
constexpr uint64_t kLittleMemory = 8 << 20;
constexpr uint64_t kMuchMemory = 64 << 20;
constexpr uint64_t kTimesItsSize = 4;
constexpr uint64_t kUsualTimesItsSize = 3;  // a copy, and its row twice
constexpr int64_t kKeptMemory = 8 << 20;    // a processor that keeps more is replaced

Mutex& large_messages() {
  static Mutex mutex;
  return mutex;
}

uint64_t size_of(const Message& message) { return message.payload ? message.payload->size() : 0; }

size_t payload_bytes(const MessageChunk& chunk) {
  size_t bytes = 0;
  for (const Message& message : chunk.messages) bytes += size_of(message) + 1;
  return bytes;
}

// There are few labels, so a linear search is faster than hashing. A new label allocates once per chunk.
void add_usage(std::string_view label, uint64_t bytes, std::vector<UsageBytes>& out) {
  const auto found = std::find_if(out.begin(), out.end(), [&](const UsageBytes& one) { return one.label == label; });
  if (found != out.end()) {
    found->bytes += bytes;
  } else {
    out.push_back({std::string(label), bytes});
  }
}

void add_type(const char* label, uint64_t bytes, std::vector<TypeTotals>& out) {
  const auto found = std::find_if(out.begin(), out.end(), [&](const TypeTotals& one) {
    return one.label == label || std::string_view(one.label) == label;
  });
  if (found == out.end()) return out.push_back({label, 1, bytes});
  ++found->count;
  found->bytes += bytes;
}

// The process may exceed its limit by kBesideTheLimit plus twice its largest message: the message itself and the next
// one, which is fetched meanwhile. This is what remains for processing. With a small limit it is at least what a
// message of that size usually needs: one that is accepted must become rows.
uint64_t memory_for(uint64_t message_bytes, uint64_t limit) {
  const uint64_t usual = kLittleMemory + kUsualTimesItsSize * message_bytes;
  return std::min(kMuchMemory + kTimesItsSize * message_bytes, std::max(limit + kBesideTheLimit, usual));
}

// Leaves the messages after the piece in `work`.
void take_rest(Work& work, std::vector<Message>::iterator rest, ProcessedChunk& out) {
  std::vector<Message>& messages = work.chunk.messages;
  out.rest_follows = rest != messages.end();
  if (!out.rest_follows) return messages.clear();
  messages.erase(messages.begin(), rest);
  work.sequence = static_cast<uint64_t>(messages.front().offset.value);
}

// Bytes that the text got from operator new.
int64_t heap_bytes(std::string& text) {
  static const size_t kInside = std::string().capacity();
  return text.capacity() <= kInside ? 0 : static_cast<int64_t>(malloc_usable_size(text.data()));
}

uint64_t dlq_message_bytes(const ProcessedChunk& chunk) {
  uint64_t bytes = 0;
  for (const Message& message : chunk.dlq_messages) bytes += message.bytes();
  return bytes;
}

void cover(const Message& message, ProcessedChunk& out) {
  if (!out.covered) out.covered = OffsetRange{message.offset, message.offset};
  out.covered->last = message.offset;
  out.covered_timestamp_ms = message.timestamp_ms;
}

}  // namespace

uint64_t charge_for(const MessageChunk& chunk) {
  uint64_t largest = 0;
  for (const Message& message : chunk.messages) largest = std::max(largest, size_of(message));
  const uint64_t scratch = largest > kSmallMessage ? kUsualTimesItsSize * largest : 0;
  return std::max(chunk.bytes, kMinChunkCharge) + scratch;
}

// Rows are about as large as their messages. A large message is charged with its row from the beginning. Half of what
// the budget has beyond its limit always is room: as long as the source is not paused, no chunk is handed back.
uint64_t Work::bytes_of_rows() const {
  const uint64_t charged = charge.bytes() - std::min(chunk.bytes, charge.bytes());
  return std::min(chunk.bytes - std::min(chunk.bytes, charged), charge.limit() / 16);
}

bool Work::begin_piece() {
  auto room = charge.another_with_room(bytes_of_rows());
  if (!room && !std::exchange(must, false)) return false;
  rows = room ? *std::move(room) : Charge();
  return true;
}

ProcessingRules ProcessingRules::of(const StreamSettings& settings, bool has_dead_letters,
                                    const OffsetGate::Needs& gate) {
  const bool writes = !settings.skip_write;
  return {settings.topic,
          has_dead_letters && settings.destination.rejects_rows,
          gate.skipped_messages,
          gate.side_records,
          !writes,
          settings.memory_limit,
          ProcessingRules().piece_bytes};
}

ChunkProcessor::ChunkProcessor(ProcessorFactory factory, ProcessingRules rules, std::unique_ptr<MessageFilter> filter)
    : factory_(std::move(factory)), processor_(factory_()), rules_(std::move(rules)), filter_(std::move(filter)) {}

void ChunkProcessor::interrupt() noexcept {
  MutexLock lock(mutex_);
  interrupted_ = true;
  processor_->interrupt();
}

std::shared_ptr<const ProcessedChunk> ChunkProcessor::process(Work& work) {
  auto out = std::make_shared<ProcessedChunk>();
  out->partition = work.chunk.partition;
  out->assignment = work.assignment;
  out->sequence = work.sequence;
  out->offsets.first = work.chunk.messages.front().offset;
  out->charge = work.rows.bytes() > 0 ? std::move(work.rows) : work.charge.another(0);
  const size_t payload_before = payload_bytes(work.chunk);
  out->rows.reserve(likely_row_bytes(payload_before));
  out->messages.reserve(work.chunk.messages.size());
  processor_->begin_chunk({rules_.topic, out->partition}, work.chunk.messages);
  if (*layout_ != processor_->layout()) layout_ = std::make_shared<const RowLayout>(processor_->layout());
  out->layout = layout_;
  if (filter_) filter_->begin_chunk();
  auto message = work.chunk.messages.begin();
  record_bytes_ = 0;
  piece_ends_ = false;
  planned_ = work.planned;
  const uint64_t bytes_before = work.chunk.bytes;
  do {
    out->offsets.last = message->offset;
    work.chunk.bytes -= message->bytes();
    process_message(*message, *out);
    *message++ = Message();  // frees its memory now
  } while (message != work.chunk.messages.end() && !full(*out) && !wants_own_piece(*message, *out));
  take_rest(work, message, *out);
  if (!out->rest_follows) work.chunk.bytes = 0;
  out->message_bytes = bytes_before - work.chunk.bytes;
  const size_t payload = payload_before - payload_bytes(work.chunk);
  row_bytes_per_byte_ = static_cast<double>(out->rows.size()) / static_cast<double>(payload);
  out->charge.resize(out->held_bytes());
  work.charge.resize(out->rest_follows ? charge_for(work.chunk) : 0);
  return out;
}

// What to reserve for rows. Typed rows may have a fraction of their messages' size. No more than kReservedRows: a large
// row then grows the string to its own size, not to twice as much.
size_t ChunkProcessor::likely_row_bytes(size_t payload_bytes) const {
  const double share = std::clamp(row_bytes_per_byte_ * kSpare, kLeastRows, 1.0);
  return std::min(static_cast<size_t>(static_cast<double>(payload_bytes) * share), kReservedRows);
}

// The row of a large message is moved, not copied, if it is the first of a piece.
bool ChunkProcessor::wants_own_piece(const Message& next, const ProcessedChunk& out) const {
  return size_of(next) > kVeryLargeMessage && !out.rows.empty();
}

bool ChunkProcessor::full(ProcessedChunk& out) const {
  const uint64_t bytes = out.rows.size() + out.dlq_contexts.size() + dlq_message_bytes(out);
  if (bytes >= out.charge.bytes() + kChargeStep) out.charge.resize(bytes);
  return piece_ends_ || bytes + record_bytes_ >= rules_.piece_bytes;
}

ProcessResult ChunkProcessor::filter_and_process(Message& message, ProcessedChunk& out) {
  if (filter_) {
    if (std::optional<ProcessResult> filtered = filter_->filter(message)) return *std::move(filtered);
  }
  return run_processor(message, out);
}

ProcessResult ChunkProcessor::run_processor(Message& message, ProcessedChunk& out) {
  const size_t begin = out.rows.size();
  ProcessResult result = size_of(message) > kSmallMessage ? run_alone(message, out) : run_small(message, out);
  const size_t size = out.rows.size() - begin;
  if (result.kind == ProcessResult::Kind::Rows) {
    if (auto why = too_large_to_insert(result.row_count, size)) result = ProcessResult::invalid("too_large", *why);
  }
  return result;
}

// If it needs more memory than kLittleMemory, runs the processor again with the limit of a large message. Metrics that
// the processor keeps itself then count the message twice.
ProcessResult ChunkProcessor::run_small(Message& message, ProcessedChunk& out) {
  const size_t begin = out.rows.size();
  bool enough = true;
  ProcessResult result = run_within(kLittleMemory, message, out, enough);
  if (!enough) {
    out.rows.resize(begin);
    result = run_alone(message, out);
  }
  return result;
}

// With the limit of a large message, one at a time.
ProcessResult ChunkProcessor::run_alone(Message& message, ProcessedChunk& out) {
  const uint64_t size = size_of(message);
  if (const auto why = too_large_to_process(size, rules_.memory_limit))
    return ProcessResult::invalid("too_large", *why);
  MutexLock one_at_a_time(large_messages());
  message = padded_copy(message);
  if (size > kVeryLargeMessage) give_freed_memory_back();  // it grows faster than the loop's checks could follow
  const size_t begin = out.rows.size();
  const uint64_t most = memory_for(size, rules_.memory_limit);
  bool enough = true;
  ProcessResult result = run_within(most, message, out, enough);
  if (enough) return result;
  out.rows.resize(begin);
  out.rows.shrink_to_fit();
  return ProcessResult::invalid(
      "too_large", fmt::format("its {} bytes need more than {} bytes of memory to become rows", size, most));
}

// Clears `enough` if it needs more than `bytes`.
ProcessResult ChunkProcessor::run_within(uint64_t bytes, const Message& message, ProcessedChunk& out, bool& enough) {
  const int64_t before = heap_bytes(out.rows);
  const AllocationLimit limit(bytes);
  try {
    return run_counted(limit, before, message, out);
  } catch (const std::bad_alloc&) {
    processor_bytes_ += limit.grown() - (heap_bytes(out.rows) - before);
    enough = false;
    return {};
  }
}

// `before`: the bytes of the rows.
ProcessResult ChunkProcessor::run_counted(const AllocationLimit& limit, int64_t before, const Message& message,
                                          ProcessedChunk& out) {
  ProcessResult result = processor_->process({rules_.topic, out.partition}, message, out.rows);
  processor_bytes_ += limit.grown() - (heap_bytes(out.rows) - before);
  processor_bytes_ -= heap_bytes(result.text) + heap_bytes(result.key);
  return result;
}

// Replaces a processor that keeps too much memory, before the rows and the dead-letter record are copied. Ends the
// piece, because a piece has a single layout and the new processor starts with its own.
void ChunkProcessor::end_piece_if_processor_is_large() {
  if (processor_bytes_ <= kKeptMemory) return;
  piece_ends_ = true;
  std::unique_ptr<Processor> fresh = factory_();
  {
    MutexLock lock(mutex_);
    processor_.swap(fresh);
    if (interrupted_) processor_->interrupt();
  }
  processor_bytes_ = 0;
}

void ChunkProcessor::process_message(Message& message, ProcessedChunk& out) {
  const size_t begin = out.rows.size();
  ProcessResult result = filter_and_process(message, out);
  if (result.kind == ProcessResult::Kind::Rows && result.row_count > 0) {
    add_stats(message, result, out.stats);  // while its views are valid
    end_piece_if_processor_is_large();
    return add_rows(message, result, begin, out);
  }
  out.rows.resize(begin);
  switch (result.kind) {
    case ProcessResult::Kind::Rows:
    case ProcessResult::Kind::Skip:
      add_skipped(message, out);
      add_stats(message, result, out.stats);
      return end_piece_if_processor_is_large();
    case ProcessResult::Kind::Invalid:
      end_piece_if_processor_is_large();
      return add_invalid(message, std::move(result), out);
    case ProcessResult::Kind::Record:
      end_piece_if_processor_is_large();
      return add_side_record(message, std::move(result), out);
  }
}

void ChunkProcessor::add_rows(Message& message, const ProcessResult& result, size_t begin, ProcessedChunk& out) {
  MessageRows rows;
  rows.offset = message.offset;
  rows.timestamp_ms = message.timestamp_ms;
  rows.rows_begin = begin;
  rows.rows_size = out.rows.size() - begin;
  rows.row_count = result.row_count;
  rows.dlq_context_begin = out.dlq_contexts.size();
  rows.rows_are_payload = result.rows_are_payload;
  rows.json_each_row = result.json_each_row;
  out.json_messages += result.json_each_row ? 1 : 0;
  if (planned_) rows.message_hash = message_hash(out.partition, message);
  out.message_hash += rows.message_hash;
  cover(message, out);
  if (rules_.encode_dlq_contexts && size_of(message) > kSmallMessage && !result.rows_are_payload) {
    out.dlq_messages.push_back(std::move(message));  // keeps the message without a copy
  } else if (rules_.encode_dlq_contexts) {
    encode_dlq_context(message, result.rows_are_payload, headers_, out.dlq_contexts);
  }
  rows.dlq_context_size = static_cast<uint32_t>(out.dlq_contexts.size() - rows.dlq_context_begin);
  add_to_digest(out.digest, out.partition, rows, std::string_view(out.rows).substr(begin));
  out.messages.push_back(rows);
  out.row_count += result.row_count;
}

void ChunkProcessor::add_stats(const Message& message, const ProcessResult& result, ChunkStats& stats) {
  const uint64_t bytes = size_of(message);
  if (message.timestamp_ms >= 0) stats.broker.add(message.timestamp_ms);
  if (result.origin_timestamp_ms != kNoTimestamp) {
    stats.origin.add(result.origin_timestamp_ms);
    if (rules_.cover_skipped) stats.origin_timestamps_ms.push_back(result.origin_timestamp_ms);
  }
  if (result.received_timestamp_ms != kNoTimestamp) stats.received.add(result.received_timestamp_ms);
  if (!result.usage_label.empty()) add_usage(result.usage_label, bytes, stats.usage);
  if (*result.type_label != '\0') add_type(result.type_label, bytes, stats.types);
}

void ChunkProcessor::add_skipped(const Message& message, ProcessedChunk& out) {
  const Offset offset = message.offset;
  ++out.skipped_count;
  if (!out.skipped.empty() && out.skipped.back().last.next() == offset) {
    out.skipped.back().last = offset;
  } else {
    out.skipped.push_back({offset, offset});
  }
  if (rules_.cover_skipped) cover(message, out);
}

void ChunkProcessor::add_side_record(const Message& message, ProcessResult result, ProcessedChunk& out) {
  if (rules_.has_side_records) {
    record_bytes_ += result.key.size() + result.text.size();
    out.side_records.push_back({message.offset, std::move(result.key), std::move(result.text)});
  } else if (rules_.drop_side_records) {
    add_skipped(message, out);
  } else {
    add_invalid(
        message,
        ProcessResult::invalid(result.code, fmt::format("a {}, and no topic for it is configured", result.code)), out);
  }
}

void ChunkProcessor::add_invalid(const Message& message, ProcessResult result, ProcessedChunk& out) {
  auto owned = std::make_shared<DeadLetterRecord>(dead_letter_of(message, out.partition, rules_.topic));
  DeadLetterRecord& dead_letter = *owned;
  dead_letter.reason_code = result.code;
  dead_letter.reason = reason_with_framing(std::move(result.text), message.payload);
  dead_letter.suppressed = result.suppressed;
  dead_letter.charge = out.charge.another(dead_letter.bytes());
  record_bytes_ += dead_letter.charge.bytes();
  out.invalid.push_back(std::move(owned));
}

}  // namespace freshet::stream
