#include "stream/batch_lane.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {

void BatchLane::add(WaitingRows rows) {
  size_ = measure_ != nullptr ? measure_->add(*rows.chunk) : size_ + rows.chunk->row_count;
  bytes_ += rows.chunk->rows.size();
  // Rows of a partition that was resumed may be older than rows that arrived meanwhile.
  const auto at = waiting_.empty() || waiting_.back().since <= rows.since
                      ? waiting_.end()
                      : std::upper_bound(waiting_.begin(), waiting_.end(), rows.since,
                                         [](SteadyTime since, const WaitingRows& one) { return since < one.since; });
  waiting_.insert(at, std::move(rows));
}

PendingRows BatchLane::take(Partition partition) {
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
uint64_t BatchLane::measure_again() {
  uint64_t size = 0;
  if (measure_ != nullptr) measure_->clear();
  for (const WaitingRows& waiting : waiting_) {
    size = measure_ != nullptr ? measure_->add(*waiting.chunk) : size + waiting.chunk->row_count;
  }
  return size;
}

std::vector<std::shared_ptr<const ProcessedChunk>> BatchLane::take_batch(const BatchLimits& limits) {
  std::vector<std::shared_ptr<const ProcessedChunk>> batch;
  const RowLayout* const layout = waiting_.front().chunk->layout.get();
  uint64_t rows = 0;
  uint64_t bytes = 0;
  if (measure_ != nullptr) measure_->clear();
  while (!waiting_.empty()) {
    const ProcessedChunk& next = *waiting_.front().chunk;
    const uint64_t size = measure_ != nullptr ? measure_->add(next) : rows + next.row_count;
    if (!batch.empty() && (size > limits.size || bytes + next.rows.size() > limits.bytes ||
                           (next.layout.get() != layout && *next.layout != *layout))) {
      break;
    }
    rows += next.row_count;
    bytes += next.rows.size();
    batch.push_back(std::move(waiting_.front().chunk));
    waiting_.pop_front();
  }
  size_ = measure_ != nullptr ? measure_again() : size_ - rows;
  bytes_ -= bytes;
  return batch;
}

}  // namespace freshet::stream
