#include "stream/batches_in_flight.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kSayAgainAfter = std::chrono::minutes(1);
constexpr size_t kSpansInALine = 8;

std::string spans_text(const SealedBatch& batch) {
  std::string text;
  for (size_t i = 0; i < std::min(batch.spans.size(), kSpansInALine); ++i) {
    const Span& span = batch.spans[i];
    fmt::format_to(std::back_inserter(text), "{}{}:{}-{}", i == 0 ? "" : ", ", span.partition.value,
                   span.offsets.first.value, span.offsets.last.value);
  }
  if (batch.spans.size() > kSpansInALine) text += fmt::format(" and {} more", batch.spans.size() - kSpansInALine);
  return text;
}

int64_t seconds(Duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }

}  // namespace

void BatchesInFlight::add(std::shared_ptr<const SealedBatch> batch, SteadyTime now) {
  const uint64_t id = batch->id;
  batches_.emplace(id, Sealed{std::move(batch), now});
}

void BatchesInFlight::failed(uint64_t id, const InsertFailure& failure, const char* destination) {
  const auto found = batches_.find(id);
  if (found == batches_.end()) return;
  found->second.trouble = fmt::format("{}: {}", destination, failure.text);
  if (failure.held) found->second.trouble += fmt::format(" (partition:offsets {})", spans(id));
  found->second.held = failure.held;
}

std::string BatchesInFlight::spans(uint64_t id) const {
  const auto found = batches_.find(id);
  return found != batches_.end() ? spans_text(*found->second.batch) : std::string();
}

std::vector<uint64_t> BatchesInFlight::take_orphans(const std::function<bool(const Part&)>& alive) {
  std::vector<uint64_t> orphans;
  for (auto& [id, sealed] : batches_) {
    const auto& parts = sealed.batch->parts;
    if (sealed.orphan || std::any_of(parts.begin(), parts.end(), alive)) continue;
    sealed.orphan = true;
    orphans.push_back(id);
  }
  return orphans;
}

uint64_t BatchesInFlight::rows() const {
  uint64_t rows = 0;
  for (const auto& [id, sealed] : batches_) rows += sealed.batch->row_count;
  return rows;
}

bool BatchesInFlight::held_with(Partition partition) const {
  return std::any_of(batches_.begin(), batches_.end(), [&](const auto& entry) {
    const auto& spans = entry.second.batch->spans;
    return entry.second.held &&
           std::any_of(spans.begin(), spans.end(), [&](const Span& span) { return span.partition == partition; });
  });
}

bool BatchesInFlight::is_overdue(const Sealed& sealed, SteadyTime now) const {
  return deadline_ > Duration::zero() && now - sealed.since >= deadline_;
}

size_t BatchesInFlight::overdue(SteadyTime now) const {
  return static_cast<size_t>(std::count_if(batches_.begin(), batches_.end(),
                                           [&](const auto& entry) { return is_overdue(entry.second, now); }));
}

std::string BatchesInFlight::trouble(SteadyTime now) const {
  const auto failed =
      std::find_if(batches_.begin(), batches_.end(), [](const auto& entry) { return !entry.second.trouble.empty(); });
  std::string text = failed != batches_.end() ? failed->second.trouble : std::string();
  if (batches_.empty()) return text;
  const Sealed& oldest = batches_.begin()->second;
  if (!is_overdue(oldest, now)) return text;
  return fmt::format("a batch is overdue: {} rows (partition:offsets {}) are not stored after {} s{}{}",
                     oldest.batch->row_count, spans_text(*oldest.batch), seconds(now - oldest.since),
                     text.empty() ? "" : "; ", text);
}

void BatchesInFlight::say_overdue(SteadyTime now, const std::string& topic, Log& log) {
  const size_t count = overdue(now);
  if (count == 0) {
    if (said_at_ != SteadyTime{}) log.info("no_batch_overdue", {{"topic", topic}});
    said_at_ = {};
    return;
  }
  if (said_at_ != SteadyTime{} && now - said_at_ < kSayAgainAfter) return;
  said_at_ = now;
  const Sealed& oldest = batches_.begin()->second;
  log.error("batch_overdue", {{"topic", topic},
                              {"batches", count},
                              {"rows", oldest.batch->row_count},
                              {"spans", spans_text(*oldest.batch)},
                              {"seconds", seconds(now - oldest.since)},
                              {"last_error", oldest.trouble},
                              {"advice", "nothing is lost, it is tried on: look at the ClickHouse hosts"}});
}

}  // namespace freshet::stream
