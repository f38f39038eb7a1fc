#include "stream/partition_stream.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {

PartitionStream::PartitionStream(Partition p, Epoch e, Offset begin)
    : partition(p), epoch(e), start(begin), position(begin), commits(begin) {}

uint64_t PartitionStream::deliver(OffsetRange offsets, size_t charged_bytes) {
  open_.push_back({offsets, charged_bytes});
  position = offsets.last.next();
  open_bytes_ += charged_bytes;
  return first_sequence_ + open_.size() - 1;
}

void PartitionStream::processed(Chunk chunk, std::vector<Chunk>& in_order) {
  OpenChunk& open = at(chunk->sequence);
  open.processed = true;
  open.batch_done = !chunk->covered;
  if (chunk->covered) open.first_covered = chunk->covered->first;
  for (const DeadLetter& letter : chunk->invalid) open.letters.push_back(letter.offset);
  letters += static_cast<uint32_t>(chunk->invalid.size());
  for (const Replacement& replacement : chunk->replacements) open.replacements.push_back(replacement.offset);
  settle(open);
  waiting_.emplace(chunk->sequence, std::move(chunk));
  for (auto next = waiting_.find(next_in_order_); next != waiting_.end(); next = waiting_.find(next_in_order_)) {
    in_order.push_back(std::move(next->second));
    waiting_.erase(next);
    ++next_in_order_;
  }
}

void PartitionStream::rows_refused(uint64_t sequence, const std::vector<Offset>& refused) {
  if (refused.empty()) return;
  OpenChunk& open = at(sequence);
  open.letters.insert(open.letters.end(), refused.begin(), refused.end());
  std::sort(open.letters.begin(), open.letters.end());
  letters += static_cast<uint32_t>(refused.size());
}

void PartitionStream::batch_finished(uint64_t sequence) {
  OpenChunk& open = at(sequence);
  open.batch_done = true;
  settle(open);
}

PartitionStream::OpenChunk* PartitionStream::chunk_of(Offset offset) {
  const auto open = std::partition_point(open_.begin(), open_.end(),
                                         [&](const OpenChunk& chunk) { return chunk.offsets.last < offset; });
  return open == open_.end() ? nullptr : &*open;
}

bool PartitionStream::charge(Offset letter, size_t bytes) {
  OpenChunk* open = chunk_of(letter);
  if (open == nullptr || open->finished()) return false;
  open->charged_bytes += bytes;
  open_bytes_ += bytes;
  return true;
}

void PartitionStream::letter_finished(Offset offset) {
  OpenChunk* open = chunk_of(offset);
  if (open == nullptr) return;
  const auto found = std::find(open->letters.begin(), open->letters.end(), offset);
  if (found == open->letters.end()) return;
  open->letters.erase(found);
  --letters;
  settle(*open);
}

void PartitionStream::replacement_finished(Offset offset) {
  OpenChunk* open = chunk_of(offset);
  if (open == nullptr) return;
  const auto found = std::find(open->replacements.begin(), open->replacements.end(), offset);
  if (found == open->replacements.end()) return;
  open->replacements.erase(found);
  settle(*open);
}

void PartitionStream::settle(OpenChunk& chunk) {
  if (!chunk.finished()) return;
  released_bytes_ += chunk.charged_bytes;
  open_bytes_ -= chunk.charged_bytes;
  while (!open_.empty() && open_.front().finished()) {
    open_.pop_front();
    ++first_sequence_;
  }
}

Offset PartitionStream::committable() const {
  if (open_.empty()) return position;
  const OpenChunk& front = open_.front();
  if (!front.processed) return front.offsets.first;
  Offset lowest = front.offsets.last.next();
  if (!front.batch_done) lowest = std::min(lowest, front.first_covered);
  if (!front.letters.empty()) lowest = std::min(lowest, front.letters.front());
  if (!front.replacements.empty()) lowest = std::min(lowest, front.replacements.front());
  return lowest;
}

bool PartitionStream::held_by(Hold hold) const {
  return std::any_of(holds.begin(), holds.end(), [&](const HoldCause& cause) { return cause.hold == hold; });
}

bool PartitionStream::all_processed() const {
  return std::all_of(open_.begin(), open_.end(), [](const OpenChunk& open) { return open.processed; });
}

std::vector<Offset> PartitionStream::letters_below(Offset next) const {
  std::vector<Offset> found;
  for (const OpenChunk& open : open_) {
    for (const Offset letter : open.letters) {
      if (letter < next) found.push_back(letter);
    }
  }
  return found;
}

std::optional<Offset> PartitionStream::first_letter() const {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [](const OpenChunk& open) { return !open.letters.empty(); });
  return found != open_.end() ? std::optional(found->letters.front()) : std::nullopt;
}

uint64_t PartitionStream::open_messages() const {
  uint64_t count = 0;
  for (const OpenChunk& open : open_) {
    if (!open.finished()) count += static_cast<uint64_t>(open.offsets.last.value - open.offsets.first.value + 1);
  }
  return count;
}

}  // namespace freshet::stream
