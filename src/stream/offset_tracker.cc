#include "stream/offset_tracker.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {

uint64_t OffsetTracker::deliver(OffsetRange offsets) {
  open_.push_back({offsets});
  position_ = offsets.last.next();
  return static_cast<uint64_t>(offsets.first.value);
}

void OffsetTracker::split(OpenChunk& chunk, Offset last) {
  const OffsetRange rest{last.next(), std::exchange(chunk.offsets.last, last)};
  const auto behind = std::partition_point(open_.begin(), open_.end(),
                                           [&](const OpenChunk& open) { return open.offsets.last <= last; });
  open_.insert(behind, {rest});
}

void OffsetTracker::processed(Chunk chunk, std::vector<Chunk>& in_order) {
  if (chunk->rest_follows) split(at(chunk->sequence), chunk->offsets.last);
  OpenChunk& open = at(chunk->sequence);
  open.processed = true;
  open.batch_done = !chunk->covered;
  if (chunk->covered) open.first_covered = chunk->covered->first;
  for (const auto& dead_letter : chunk->invalid) open.dead_letters.push_back(dead_letter->offset);
  dead_letters_ += static_cast<uint32_t>(chunk->invalid.size());
  for (const SideRecord& record : chunk->side_records) open.side_records.push_back(record.offset);
  open.waiting = std::move(chunk);
  for (; left_ < open_.size() && open_[left_].processed; ++left_) {
    in_order.push_back(std::move(open_[left_].waiting));
  }
  settle(open);
}

void OffsetTracker::rows_rejected(uint64_t sequence, const std::vector<Offset>& rejected) {
  if (rejected.empty()) return;
  OpenChunk& open = at(sequence);
  open.dead_letters.insert(open.dead_letters.end(), rejected.begin(), rejected.end());
  std::sort(open.dead_letters.begin(), open.dead_letters.end());
  dead_letters_ += static_cast<uint32_t>(rejected.size());
}

void OffsetTracker::batch_finished(uint64_t sequence) {
  OpenChunk& open = at(sequence);
  open.batch_done = true;
  settle(open);
}

OffsetTracker::OpenChunk* OffsetTracker::chunk_of(Offset offset) {
  const auto open = std::partition_point(open_.begin(), open_.end(),
                                         [&](const OpenChunk& chunk) { return chunk.offsets.last < offset; });
  return open == open_.end() ? nullptr : &*open;
}

void OffsetTracker::dead_letter_finished(Offset offset) {
  OpenChunk* open = chunk_of(offset);
  if (open == nullptr) return;
  const auto found = std::find(open->dead_letters.begin(), open->dead_letters.end(), offset);
  if (found == open->dead_letters.end()) return;
  open->dead_letters.erase(found);
  --dead_letters_;
  settle(*open);
}

void OffsetTracker::side_record_finished(Offset offset) {
  OpenChunk* open = chunk_of(offset);
  if (open == nullptr) return;
  const auto found = std::find(open->side_records.begin(), open->side_records.end(), offset);
  if (found == open->side_records.end()) return;
  open->side_records.erase(found);
  settle(*open);
}

void OffsetTracker::settle(OpenChunk& chunk) {
  if (!chunk.finished()) return;
  for (; !open_.empty() && open_.front().finished(); --left_) open_.pop_front();
}

Offset OffsetTracker::committable() const {
  if (open_.empty()) return position_;
  const OpenChunk& front = open_.front();
  if (!front.processed) return front.offsets.first;
  Offset lowest = front.offsets.last.next();
  if (!front.batch_done) lowest = std::min(lowest, front.first_covered);
  if (!front.dead_letters.empty()) lowest = std::min(lowest, front.dead_letters.front());
  if (!front.side_records.empty()) lowest = std::min(lowest, front.side_records.front());
  return lowest;
}

bool OffsetTracker::all_processed() const {
  return std::all_of(open_.begin(), open_.end(), [](const OpenChunk& open) { return open.processed; });
}

bool OffsetTracker::finished(OffsetRange offsets) const {
  if (position_ <= offsets.last) return false;
  auto open = std::partition_point(open_.begin(), open_.end(),
                                   [&](const OpenChunk& chunk) { return chunk.offsets.last < offsets.first; });
  for (; open != open_.end() && open->offsets.first <= offsets.last; ++open) {
    if (!open->finished()) return false;
  }
  return true;
}

std::vector<Offset> OffsetTracker::dead_letters_below(Offset next) const {
  std::vector<Offset> found;
  for (const OpenChunk& open : open_) {
    for (const Offset dead_letter : open.dead_letters) {
      if (dead_letter < next) found.push_back(dead_letter);
    }
  }
  return found;
}

std::optional<Offset> OffsetTracker::first_dead_letter() const {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [](const OpenChunk& open) { return !open.dead_letters.empty(); });
  return found != open_.end() ? std::optional(found->dead_letters.front()) : std::nullopt;
}

uint64_t OffsetTracker::open_messages() const {
  uint64_t count = 0;
  for (const OpenChunk& open : open_) {
    if (!open.finished()) count += static_cast<uint64_t>(open.offsets.last.value - open.offsets.first.value + 1);
  }
  return count;
}

}  // namespace freshet::stream
