#include "stream/processing.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/framing.h"
#include "stream/insert_token.h"
#include "stream/kept.h"

namespace freshet::stream {
namespace {

size_t payload_bytes(const MessageChunk& chunk) {
  size_t bytes = 0;
  for (const Message& message : chunk.messages) bytes += (message.payload ? message.payload->size() : 0) + 1;
  return bytes;
}

// Features and types are few, so that looking through them is faster than hashing; a new one allocates once a chunk.
void add_cogs(std::string_view feature, uint64_t bytes, std::vector<CogsBytes>& out) {
  const auto found = std::find_if(out.begin(), out.end(), [&](const CogsBytes& one) { return one.feature == feature; });
  if (found != out.end()) {
    found->bytes += bytes;
  } else {
    out.push_back({std::string(feature), bytes});
  }
}

void add_item_type(const char* item_type, uint64_t bytes, std::vector<ItemTypeCount>& out) {
  const auto found = std::find_if(out.begin(), out.end(), [&](const ItemTypeCount& one) {
    return one.item_type == item_type || std::string_view(one.item_type) == item_type;
  });
  if (found == out.end()) return out.push_back({item_type, 1, bytes});
  ++found->count;
  found->bytes += bytes;
}

void cover(const Message& message, ProcessedChunk& out) {
  if (!out.covered) out.covered = OffsetRange{message.offset, message.offset};
  out.covered->last = message.offset;
  out.covered_timestamp_ms = message.timestamp_ms;
}

}  // namespace

ProcessingRules ProcessingRules::of(const StreamSettings& settings, bool has_dead_letters) {
  const bool writes = !settings.skip_write;
  return {settings.topic, has_dead_letters && !settings.accepted_outcomes, writes && settings.side_outputs.commit_log,
          writes && settings.side_outputs.replacements, !writes};
}

ChunkProcessor::ChunkProcessor(std::unique_ptr<Processor> processor, ProcessingRules rules,
                               std::unique_ptr<Admission> admission)
    : processor_(std::move(processor)), rules_(std::move(rules)), admission_(std::move(admission)) {}

std::shared_ptr<const ProcessedChunk> ChunkProcessor::process(Work work) {
  auto out = std::make_shared<ProcessedChunk>();
  out->partition = work.chunk.partition;
  out->epoch = work.epoch;
  out->sequence = work.sequence;
  out->offsets = {work.chunk.messages.front().offset, work.chunk.messages.back().offset};
  out->rows.reserve(payload_bytes(work.chunk));
  out->messages.reserve(work.chunk.messages.size());
  processor_->begin_chunk({rules_.topic, out->partition}, work.chunk.messages);
  if (*layout_ != processor_->layout()) layout_ = std::make_shared<const RowLayout>(processor_->layout());
  out->layout = layout_;
  if (admission_) admission_->begin_chunk();
  for (Message& message : work.chunk.messages) {
    process_message(message, *out);
    message = Message();  // its memory goes back at once
  }
  return out;
}

Verdict ChunkProcessor::judge(const Message& message, ProcessedChunk& out) {
  if (admission_) {
    if (std::optional<Verdict> refused = admission_->refuse(message)) return *std::move(refused);
  }
  const size_t begin = out.rows.size();
  Verdict verdict = processor_->process({rules_.topic, out.partition}, message, out.rows);
  const size_t size = out.rows.size() - begin;
  if (verdict.kind == Verdict::Kind::Rows && (verdict.row_count > kMaxInsertRows || size > kMaxInsertBytes)) {
    return Verdict::invalid("too_large", fmt::format("{} rows in {} bytes; one insert takes {} rows and {} bytes",
                                                     verdict.row_count, size, kMaxInsertRows, kMaxInsertBytes));
  }
  return verdict;
}

void ChunkProcessor::process_message(const Message& message, ProcessedChunk& out) {
  const size_t begin = out.rows.size();
  Verdict verdict = judge(message, out);
  if (verdict.kind == Verdict::Kind::Rows && verdict.row_count > 0) {
    add_rows(message, verdict, begin, out);
    return add_facts(message, verdict, out.facts);
  }
  out.rows.resize(begin);
  switch (verdict.kind) {
    case Verdict::Kind::Rows:
    case Verdict::Kind::Skip:
      add_skipped(message, out);
      return add_facts(message, verdict, out.facts);
    case Verdict::Kind::Invalid:
      return add_invalid(message, std::move(verdict), out);
    case Verdict::Kind::Replacement:
      return add_replacement(message, std::move(verdict), out);
  }
}

void ChunkProcessor::add_rows(const Message& message, const Verdict& verdict, size_t begin, ProcessedChunk& out) {
  MessageRows rows;
  rows.offset = message.offset;
  rows.timestamp_ms = message.timestamp_ms;
  rows.rows_begin = begin;
  rows.rows_size = out.rows.size() - begin;
  rows.row_count = verdict.row_count;
  rows.kept_begin = out.kept.size();
  rows.rows_are_payload = verdict.rows_are_payload;
  if (rules_.keep_for_letters) keep(message, verdict.rows_are_payload, headers_, out.kept);
  rows.kept_size = static_cast<uint32_t>(out.kept.size() - rows.kept_begin);
  add_to_digest(out.digest, out.partition, rows, std::string_view(out.rows).substr(begin));
  out.messages.push_back(rows);
  out.row_count += verdict.row_count;
  cover(message, out);
}

void ChunkProcessor::add_facts(const Message& message, const Verdict& verdict, ChunkFacts& facts) {
  const uint64_t bytes = message.payload ? message.payload->size() : 0;
  if (message.timestamp_ms >= 0) facts.broker.add(message.timestamp_ms);
  if (verdict.origin_timestamp_ms != kNoTimestamp) {
    facts.origin.add(verdict.origin_timestamp_ms);
    if (rules_.cover_skipped) facts.origin_timestamps_ms.push_back(verdict.origin_timestamp_ms);
  }
  if (verdict.sentry_received_ms != kNoTimestamp) facts.received.add(verdict.sentry_received_ms);
  if (!verdict.cogs_feature.empty()) add_cogs(verdict.cogs_feature, bytes, facts.cogs);
  if (*verdict.item_type != '\0') add_item_type(verdict.item_type, bytes, facts.item_types);
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

void ChunkProcessor::add_replacement(const Message& message, Verdict verdict, ProcessedChunk& out) {
  if (rules_.has_replacements) {
    out.replacements.push_back({message.offset, std::move(verdict.key), std::move(verdict.text)});
  } else if (rules_.drop_replacements) {
    add_skipped(message, out);
  } else {
    add_invalid(message, Verdict::invalid("replacement", "a replacement, and no replacements topic is configured"),
                out);
  }
}

void ChunkProcessor::add_invalid(const Message& message, Verdict verdict, ProcessedChunk& out) {
  DeadLetter letter;
  letter.topic = rules_.topic;
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
  letter.reason_code = verdict.code;
  letter.reason = reason_with_framing(std::move(verdict.text), message.payload);
  letter.silenced = verdict.silenced;
  out.invalid.push_back(std::move(letter));
}

}  // namespace freshet::stream
