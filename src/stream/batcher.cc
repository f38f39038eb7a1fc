#include "stream/batcher.h"

#include <algorithm>
#include <utility>

#include "stream/processing.h"

namespace freshet::stream {
namespace {

constexpr uint32_t kMaxFactor = 16;
constexpr Duration kCalm = std::chrono::minutes(1);
constexpr Duration kOncePerFailure = std::chrono::seconds(5);  // several writers that fail together count once

Offset first_row(const ProcessedChunk& chunk) { return chunk.messages.front().offset; }
Offset last_row(const ProcessedChunk& chunk) { return chunk.messages.back().offset; }

}  // namespace

void Batcher::add(WaitingRows rows) {
  size_ = measure_ ? measure_->add(*rows.chunk) : size_ + rows.chunk->row_count;
  bytes_ += rows.chunk->rows.size();
  // Rows of a partition that was resumed may be older than rows that arrived meanwhile.
  const auto at = waiting_.empty() || waiting_.back().since <= rows.since
                      ? waiting_.end()
                      : std::upper_bound(waiting_.begin(), waiting_.end(), rows.since,
                                         [](SteadyTime since, const WaitingRows& one) { return since < one.since; });
  waiting_.insert(at, std::move(rows));
}

PendingRows Batcher::take(Partition partition) {
  PendingRows taken;
  std::erase_if(waiting_, [&](WaitingRows& waiting) {
    if (waiting.chunk->partition != partition) return false;
    bytes_ -= waiting.chunk->rows.size();
    taken.push_back(std::move(waiting));
    return true;
  });
  size_ = measure_again();
  return taken;
}

// Recomputes the size of the rows that wait.
uint64_t Batcher::measure_again() {
  uint64_t size = 0;
  if (measure_) measure_->clear();
  for (const WaitingRows& waiting : waiting_) {
    size = measure_ ? measure_->add(*waiting.chunk) : size + waiting.chunk->row_count;
  }
  return size;
}

uint64_t Batcher::max_size(const LiveOptions& options) const {
  return std::min(options.max_batch_rows * factor_, kMaxInsertRows);
}

uint64_t Batcher::max_bytes(const LiveOptions& options) const {
  return std::min(options.max_batch_bytes * factor_, kMaxInsertBytes);
}

bool Batcher::full(const LiveOptions& options) const {
  return size_ >= max_size(options) || bytes_ >= max_bytes(options);
}

std::optional<SteadyTime> Batcher::due_at(const LiveOptions& options, bool no_more) const {
  if (waiting_.empty()) return std::nullopt;
  if (no_more) return waiting_.front().since;
  return waiting_.front().since + options.max_batch_time * factor_;
}

bool Batcher::due(const LiveOptions& options, SteadyTime now, bool no_more) const {
  return !waiting_.empty() && (full(options) || now >= *due_at(options, no_more));
}

std::shared_ptr<const SealedBatch> Batcher::seal(const LiveOptions& options, SteadyTime now) {
  auto batch = std::make_shared<SealedBatch>();
  batch->id = next_id_++;
  batch->sealed_at = now;
  batch->layout = waiting_.front().chunk->layout;
  if (measure_) measure_->clear();
  while (!waiting_.empty()) {
    const ProcessedChunk& next = *waiting_.front().chunk;
    const uint64_t size = measure_ ? measure_->add(next) : batch->row_count + next.row_count;
    if (!batch->chunks.empty() &&
        (size > max_size(options) || batch->row_bytes + next.rows.size() > max_bytes(options) ||
         (next.layout != batch->layout && *next.layout != *batch->layout))) {
      break;
    }
    batch->row_count += next.row_count;
    batch->row_bytes += next.rows.size();
    batch->chunks.push_back(std::move(waiting_.front().chunk));
    waiting_.pop_front();
  }
  size_ = measure_ ? measure_again() : size_ - batch->row_count;
  bytes_ -= batch->row_bytes;
  // Sort by partition, so that the batch can be rebuilt from its spans alone. Within a partition chunks are already in
  // order.
  std::stable_sort(batch->chunks.begin(), batch->chunks.end(),
                   [](const auto& a, const auto& b) { return a->partition < b->partition; });
  Hash128 digest;
  for (size_t c = 0; c < batch->chunks.size(); ++c) {
    const auto& chunk = batch->chunks[c];
    merge_digest(digest, chunk->digest);
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
  batch->insert_token = insert_token(scope_, *batch->layout, batch->spans, digest);
  return batch;
}

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
