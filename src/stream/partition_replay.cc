#include "stream/partition_replay.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kTruncatedAfter = std::chrono::seconds(30);

}  // namespace

std::vector<MessageChunk> PartitionReplay::cut(MessageChunk chunk) const {
  std::vector<MessageChunk> parts;
  for (const PlannedSpan& span : spans_) {
    std::vector<Message>& messages = chunk.messages;
    const auto end = std::partition_point(messages.begin(), messages.end(),
                                          [&](const Message& message) { return message.offset <= span.offsets.last; });
    if (end == messages.begin()) continue;
    if (end == messages.end()) break;
    MessageChunk& part = parts.emplace_back();
    part.partition = chunk.partition;
    for (auto message = messages.begin(); message != end; ++message) part.bytes += message->bytes();
    part.bytes = std::min(part.bytes, chunk.bytes);
    chunk.bytes -= part.bytes;
    part.messages.assign(std::make_move_iterator(messages.begin()), std::make_move_iterator(end));
    messages.erase(messages.begin(), end);
  }
  parts.push_back(std::move(chunk));
  return parts;
}

bool PartitionReplay::finished(Offset offset) const {
  const auto span =
      std::find_if(spans_.begin(), spans_.end(), [&](const PlannedSpan& one) { return offset <= one.offsets.last; });
  return span != spans_.end() && span->state == SpanState::Finished;
}

void PartitionReplay::add(std::shared_ptr<const ProcessedChunk> chunk) { chunks_.push_back(std::move(chunk)); }

std::optional<PartitionReplay::Rebuilt> PartitionReplay::take(Offset next) {
  if (!active()) return std::nullopt;
  const bool complete = next > spans_.front().offsets.last;
  const bool in_parts = spans_.front().state != SpanState::Planned && !chunks_.empty();
  if (!complete && !in_parts) return std::nullopt;
  Rebuilt rebuilt{spans_.front(), {}};
  if (complete) spans_.pop_front();
  const auto end = std::partition_point(chunks_.begin(), chunks_.end(), [&](const auto& chunk) {
    return chunk->offsets.first <= rebuilt.span.offsets.last;
  });
  rebuilt.chunks.assign(std::make_move_iterator(chunks_.begin()), std::make_move_iterator(end));
  chunks_.erase(chunks_.begin(), end);
  return rebuilt;
}

void PartitionReplay::reached_end(Offset end, SteadyTime now) {
  if (!active() || end > spans_.back().offsets.last) return;
  if (!ends_ || ends_->at != end) ends_ = End{end, now};
}

std::optional<Offset> PartitionReplay::take_truncation(SteadyTime now) {
  if (!active() || !ends_ || now - ends_->since < kTruncatedAfter) return std::nullopt;
  const Offset end = ends_->at;
  ends_.reset();
  std::erase_if(spans_, [&](const PlannedSpan& span) { return span.offsets.first >= end; });
  if (!spans_.empty() && spans_.back().offsets.last >= end) {
    spans_.back().offsets.last = Offset{end.value - 1};
    spans_.back().check.reset();  // the token names the last offset
  }
  return end;
}

}  // namespace freshet::stream
