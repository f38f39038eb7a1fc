#include "stream/processing.h"

#include <fmt/format.h>

#include <utility>

#include "stream/kept.h"

namespace freshet::stream {
namespace {

void add_skipped(Offset offset, ProcessedChunk& out) {
  ++out.skipped_count;
  if (!out.skipped.empty() && out.skipped.back().last.next() == offset) {
    out.skipped.back().last = offset;
  } else {
    out.skipped.push_back({offset, offset});
  }
}

size_t payload_bytes(const MessageChunk& chunk) {
  size_t bytes = 0;
  for (const Message& message : chunk.messages) bytes += (message.payload ? message.payload->size() : 0) + 1;
  return bytes;
}

}  // namespace

ChunkProcessor::ChunkProcessor(std::unique_ptr<Processor> processor, std::string topic, bool keep_for_letters)
    : processor_(std::move(processor)), topic_(std::move(topic)), keep_for_letters_(keep_for_letters) {}

std::shared_ptr<const ProcessedChunk> ChunkProcessor::process(Work work) {
  auto out = std::make_shared<ProcessedChunk>();
  out->partition = work.chunk.partition;
  out->epoch = work.epoch;
  out->sequence = work.sequence;
  out->offsets = {work.chunk.messages.front().offset, work.chunk.messages.back().offset};
  out->rows.reserve(payload_bytes(work.chunk));
  out->messages.reserve(work.chunk.messages.size());
  processor_->begin_chunk();
  for (Message& message : work.chunk.messages) {
    process_message(message, *out);
    message = Message();  // its memory goes back at once
  }
  return out;
}

void ChunkProcessor::process_message(const Message& message, ProcessedChunk& out) {
  const size_t begin = out.rows.size();
  Verdict verdict = processor_->process({topic_, out.partition}, message, out.rows);
  const size_t size = out.rows.size() - begin;
  if (verdict.kind == Verdict::Kind::Rows && (verdict.row_count > kMaxInsertRows || size > kMaxInsertBytes)) {
    verdict = Verdict::invalid("too_large", fmt::format("{} rows in {} bytes; one insert takes {} rows and {} bytes",
                                                        verdict.row_count, size, kMaxInsertRows, kMaxInsertBytes));
  }
  if (verdict.kind == Verdict::Kind::Rows && verdict.row_count > 0) {
    MessageRows rows{message.offset,  message.timestamp_ms,    begin, size, verdict.row_count, 0,
                     out.kept.size(), verdict.rows_are_payload};
    if (keep_for_letters_) keep(message, verdict.rows_are_payload, headers_, out.kept);
    rows.kept_size = static_cast<uint32_t>(out.kept.size() - rows.kept_begin);
    out.messages.push_back(rows);
    out.row_count += verdict.row_count;
    return;
  }
  out.rows.resize(begin);
  switch (verdict.kind) {
    case Verdict::Kind::Rows:
    case Verdict::Kind::Skip:
      return add_skipped(message.offset, out);
    case Verdict::Kind::Invalid:
      return add_invalid(message, verdict.code, std::move(verdict.text), out);
    case Verdict::Kind::Replacement:
      return add_invalid(message, "replacement", "a replacement, and no replacements topic is configured", out);
  }
}

void ChunkProcessor::add_invalid(const Message& message, std::string code, std::string reason, ProcessedChunk& out) {
  DeadLetter letter;
  letter.topic = topic_;
  letter.partition = out.partition;
  letter.offset = message.offset;
  letter.timestamp_ms = message.timestamp_ms;
  if (message.key) letter.key = *message.key;
  if (message.payload) letter.payload = *message.payload;
  headers_.clear();
  message.headers(headers_);
  for (const HeaderView& header : headers_) {
    letter.headers.emplace_back(header.name, header.value ? std::optional<std::string>(*header.value) : std::nullopt);
  }
  letter.reason_code = std::move(code);
  letter.reason = std::move(reason);
  out.invalid.push_back(std::move(letter));
}

}  // namespace freshet::stream
