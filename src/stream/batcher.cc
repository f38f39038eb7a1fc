#include "stream/batcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "stream/message_limits.h"

namespace freshet::stream {
namespace {

constexpr Partition kAllPartitions{-1};
constexpr uint32_t kMaxFactor = 16;
constexpr Duration kCalm = std::chrono::minutes(1);
constexpr Duration kOncePerFailure = std::chrono::seconds(5);  // several writers that fail together count once
constexpr Duration kPaceBurst = std::chrono::seconds(1);       // batches of so long may be sealed at once

Offset first_row(const ProcessedChunk& chunk) { return chunk.messages.front().offset; }
Offset last_row(const ProcessedChunk& chunk) { return chunk.messages.back().offset; }

Duration pace_of(double per_second) {
  return per_second > 0 ? std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / per_second))
                        : Duration::zero();
}

Hash128 digest_of(const SealedBatch& batch) {
  Hash128 digest;
  for (const auto& chunk : batch.chunks) merge_digest(digest, chunk->digest);
  return digest;
}

bool has_one_layout(const SealedBatch& batch) {
  return std::all_of(batch.chunks.begin(), batch.chunks.end(), [&](const auto& chunk) {
    return chunk->layout == batch.layout || *chunk->layout == *batch.layout;
  });
}

void set_token(SealedBatch& batch, InsertToken token) {
  batch.insert_token = std::move(token.text);
  batch.token_hash = token.hash;
}

}  // namespace

Batcher::Batcher(TokenScope scope, Delivery delivery, double batches_per_second, uint64_t max_waiting_bytes)
    : scope_(std::move(scope)),
      delivery_(delivery),
      pace_(pace_of(batches_per_second)),
      max_waiting_bytes_(max_waiting_bytes) {
  if (delivery_ == Delivery::AtLeastOnce) lanes_.try_emplace(kAllPartitions);
}

void Batcher::measure_with(std::unique_ptr<BatchMeasure> measure) {
  measure_ = std::move(measure);
  for (auto& [partition, lane] : lanes_) lane = BatchLane(measure_.get());
}

Partition Batcher::lane_of(Partition partition) const {
  return delivery_ == Delivery::AtLeastOnce ? kAllPartitions : partition;
}

void Batcher::add(WaitingRows rows) { lanes_[lane_of(rows.chunk->partition)].add(std::move(rows)); }

PendingRows Batcher::take(Partition partition) {
  const auto lane = lanes_.find(lane_of(partition));
  if (lane == lanes_.end()) return {};
  PendingRows taken = lane->second.take(partition);
  if (lane->first != kAllPartitions) lanes_.erase(lane);
  return taken;
}

bool Batcher::empty() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& entry) { return entry.second.empty(); });
}

bool Batcher::has_rows_of(Partition partition) const {
  const auto lane = lanes_.find(lane_of(partition));
  return lane != lanes_.end() && !lane->second.empty();
}

BatchLimits Batcher::limits(const LiveOptions& options, uint32_t factor) const {
  return {std::min(options.max_batch_rows * factor, kMaxInsertRows),
          std::min(options.max_batch_bytes * factor, kMaxInsertBytes)};
}

// --- when -----------------------------------------------------------------------------------------------------------

SteadyTime Batcher::lane_due_at(const BatchLane& lane, const LiveOptions& options, SealReason reason) const {
  if (reason != SealReason::Due || lane.full(limits(options, factor_))) return lane.oldest();
  return lane.oldest() + options.max_batch_time * factor_;
}

SteadyTime Batcher::pace_allows_at() const { return paced_to_ - kPaceBurst; }

// Batches that were sealed faster, to make room, do not hold up later ones for longer than one of them.
void Batcher::count_batch(SteadyTime now) { paced_to_ = std::min(std::max(paced_to_, now), now + kPaceBurst) + pace_; }

uint64_t Batcher::waiting_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [partition, lane] : lanes_) bytes += lane.bytes();
  return bytes;
}

Batcher::Room Batcher::room() const {
  const uint64_t bytes = waiting_bytes();
  if (bytes <= max_waiting_bytes_) return Room::Enough;
  return bytes / 2 <= max_waiting_bytes_ ? Room::Little : Room::None;
}

std::optional<SteadyTime> Batcher::due_at(const LiveOptions& options, SealReason reason,
                                          const NextSpan& next_span) const {
  std::optional<SteadyTime> next;
  const Room left = reason == SealReason::Due ? room() : Room::Enough;
  const bool make_room = left != Room::Enough;
  for (const auto& [partition, lane] : lanes_) {
    if (lane.empty()) continue;
    const SteadyTime due = make_room ? lane.oldest() : lane_due_at(lane, options, reason);
    if (next && *next <= due) continue;
    if (partition == kAllPartitions || next_span(partition)) next = due;
  }
  const bool paced = reason == SealReason::Due && left != Room::None && pace_ > Duration::zero();
  return next && paced ? std::max(*next, pace_allows_at()) : next;
}

// The lane that is due first, or, to make room, the largest one.
Batcher::Lanes::iterator Batcher::next_lane(const LiveOptions& options, SealReason reason, SteadyTime now,
                                            const NextSpan& next_span, Offset& first) {
  auto best = lanes_.end();
  SteadyTime best_due{};
  for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
    if (lane->second.empty()) continue;
    const SteadyTime due = lane_due_at(lane->second, options, reason);
    if (reason == SealReason::Due && now < due) continue;
    if (best != lanes_.end()) {
      const bool better = reason == SealReason::NoRoom ? lane->second.bytes() > best->second.bytes() : due < best_due;
      if (!better) continue;
    }
    if (lane->first != kAllPartitions) {
      const auto begins = next_span(lane->first);
      if (!begins) continue;
      first = *begins;
    }
    best = lane;
    best_due = due;
  }
  return best;
}

// --- sealing --------------------------------------------------------------------------------------------------------

std::shared_ptr<const SealedBatch> Batcher::seal(const LiveOptions& options, SealReason reason, SteadyTime now,
                                                 const NextSpan& next_span) {
  if (reason == SealReason::Due) {
    const Room left = room();
    if (left != Room::None && pace_ > Duration::zero() && now < pace_allows_at()) return nullptr;
    if (left != Room::Enough) reason = SealReason::NoRoom;
  }
  Offset first{};
  const auto lane = next_lane(options, reason, now, next_span, first);
  if (lane == lanes_.end()) return nullptr;
  const SteadyTime oldest = lane->second.oldest();
  if (lane->first == kAllPartitions) {
    auto batch = batch_of(lane->second.take_batch(limits(options, factor_)), oldest, now);
    set_token(*batch, insert_token(scope_, *batch->layout, batch->spans, digest_of(*batch)));
    return batch;
  }
  count_batch(now);
  auto chunks = lane->second.take_batch(limits(options, pace_ > Duration::zero() ? kMaxFactor : factor_));
  const Offset last = chunks.back()->offsets.last;
  return span_of(batch_of(std::move(chunks), oldest, now), {first, last}, 0);
}

std::shared_ptr<SealedBatch> Batcher::seal_span(std::vector<std::shared_ptr<const ProcessedChunk>> chunks,
                                                OffsetRange offsets, uint32_t salt, SteadyTime now) {
  return span_of(batch_of(std::move(chunks), now, now), offsets, salt);
}

std::shared_ptr<SealedBatch> Batcher::span_of(std::shared_ptr<SealedBatch> batch, OffsetRange offsets,
                                              uint32_t salt) const {
  const ProcessedChunk& one = *batch->chunks.front();
  batch->spans = {{one.partition, one.assignment, offsets}};
  batch->planned = true;
  for (const auto& chunk : batch->chunks) batch->plan_check.messages += chunk->message_hash;
  batch->plan_check.layout = has_one_layout(*batch) ? layout_hash(*batch->layout) : uint16_t{0};
  set_token(*batch, insert_token(scope_, *batch->layout, batch->spans, digest_of(*batch), salt));
  return batch;
}

// Sorted by partition, so that the batch can be rebuilt from its spans alone. Within a partition chunks are already in
// order.
std::shared_ptr<SealedBatch> Batcher::batch_of(std::vector<std::shared_ptr<const ProcessedChunk>> chunks,
                                               SteadyTime oldest, SteadyTime now) {
  auto batch = std::make_shared<SealedBatch>();
  batch->id = next_id_++;
  batch->sealed_at = now;
  batch->oldest = oldest;
  batch->chunks = std::move(chunks);
  batch->layout = batch->chunks.front()->layout;
  if (!has_one_layout(*batch)) batch->layout = plain_layout();
  std::stable_sort(batch->chunks.begin(), batch->chunks.end(),
                   [](const auto& a, const auto& b) { return a->partition < b->partition; });
  for (size_t c = 0; c < batch->chunks.size(); ++c) {
    const auto& chunk = batch->chunks[c];
    batch->row_count += chunk->row_count;
    batch->row_bytes += chunk->rows.size();
    if (batch->parts.empty() || batch->parts.back().partition != chunk->partition) {
      batch->parts.push_back({chunk->partition, chunk->assignment, c, c});
    }
    batch->parts.back().end = c + 1;
    if (chunk->messages.empty()) continue;  // covers offsets, but has no rows
    if (batch->spans.empty() || batch->spans.back().partition != chunk->partition) {
      batch->spans.push_back({chunk->partition, chunk->assignment, {first_row(*chunk), last_row(*chunk)}});
    } else {
      batch->spans.back().offsets.last = last_row(*chunk);
    }
  }
  return batch;
}

// --- slower ---------------------------------------------------------------------------------------------------------

void Batcher::slow_down(SteadyTime now) {
  if (factor_ > 1 && now - slowed_at_ < kOncePerFailure) return;
  factor_ = std::min(factor_ * 2, kMaxFactor);
  slowed_at_ = now;
}

void Batcher::recover(SteadyTime now) {
  if (factor_ == 1 || now - slowed_at_ < kCalm) return;
  factor_ /= 2;
  slowed_at_ = now;
}

}  // namespace freshet::stream
