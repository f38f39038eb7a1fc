#include "snuba_outputs/commit_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace freshet::snuba_outputs {
namespace {

// The shortest decimal with a fraction that parses to the same double. Milliseconds have at most 15 digits here, so the
// plain decimal without trailing zeros is the shortest.
std::string seconds(int64_t milliseconds) {
  const char* sign = milliseconds < 0 ? "-" : "";
  const uint64_t magnitude =
      milliseconds < 0 ? uint64_t{0} - static_cast<uint64_t>(milliseconds) : static_cast<uint64_t>(milliseconds);
  std::string text = fmt::format("{}{}.{:03}", sign, magnitude / 1000, magnitude % 1000);
  const size_t keep = text.find('.') + 2;
  while (text.size() > keep && text.back() == '0') text.pop_back();
  return text;
}

}  // namespace

std::string commit_log_value(Offset next, int64_t last_timestamp_ms, std::optional<int64_t> received_p99_ms) {
  // A message without a broker timestamp counts as of 1970, as in Snuba (docs/snuba.md).
  return fmt::format(R"({{"offset":{},"orig_message_ts":{},"received_p99":{}}})", next.value,
                     seconds(std::max<int64_t>(last_timestamp_ms, 0)),
                     received_p99_ms ? seconds(*received_p99_ms) : "null");
}

std::string commit_log_key(std::string_view topic, Partition partition, std::string_view consumer_group) {
  return fmt::format("{}:{}:{}", topic, partition.value, consumer_group);
}

std::optional<int64_t> received_p99(std::span<int64_t> timestamps_ms) {
  if (timestamps_ms.empty()) return std::nullopt;
  const auto index = static_cast<ptrdiff_t>(timestamps_ms.size() * 99 / 100);
  const auto at = timestamps_ms.begin() + index;
  std::nth_element(timestamps_ms.begin(), at, timestamps_ms.end());
  return *at;
}

void CommitLog::sealed(const SealedBatch& batch) {
  for (const BatchPart& part : batch.parts) {
    waiting_[part.partition].push_back({batch.id, part.assignment, std::nullopt});
  }
}

void CommitLog::stored(const SealedBatch& batch, std::vector<Due>& due) {
  for (const BatchPart& part : batch.parts) {
    const auto lane = waiting_.find(part.partition);
    if (lane == waiting_.end()) continue;  // its assignment ended
    std::deque<Waiting>& waiting = lane->second;
    for (Waiting& one : waiting) {
      if (one.batch != batch.id) continue;
      one.due = Due{part.partition, one.assignment, sequences(batch, part), record(batch, part)};
    }
    for (; !waiting.empty() && waiting.front().due; waiting.pop_front()) due.push_back(*std::move(waiting.front().due));
    if (waiting.empty()) waiting_.erase(lane);
  }
}

void CommitLog::drop(Partition partition, AssignmentId assignment) {
  const auto lane = waiting_.find(partition);
  if (lane == waiting_.end()) return;
  std::erase_if(lane->second, [&](const Waiting& waiting) { return waiting.assignment == assignment; });
  if (lane->second.empty()) waiting_.erase(lane);
}

ProducerRecord CommitLog::record(const SealedBatch& batch, const BatchPart& part) const {
  std::vector<int64_t> origins;
  for (size_t c = part.begin; c < part.end; ++c) {
    const auto& of_chunk = batch.chunks[c]->stats.origin_timestamps_ms;
    origins.insert(origins.end(), of_chunk.begin(), of_chunk.end());
  }
  const ProcessedChunk& last = *batch.chunks[part.end - 1];
  return {commit_log_key(topic_, part.partition, consumer_group_),
          commit_log_value(last.covered->last.next(), last.covered_timestamp_ms, received_p99(origins))};
}

}  // namespace freshet::snuba_outputs
