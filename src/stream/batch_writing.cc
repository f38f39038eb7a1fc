#include "stream/batch_writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/message_text.h"
#include "stream/insert_token.h"

namespace freshet::stream {
namespace {

constexpr uint32_t kMaxInserts = 200;    // for one batch, while it looks for bad messages
constexpr uint32_t kRefusedInARow = 10;  // single messages that are all refused alike: no bad luck any more
constexpr size_t kSmallestAlike = 3;     // a batch below this says little about "all of it"
constexpr Duration kHoldRetry = std::chrono::seconds(30);

}  // namespace

void RefusalMemory::accepted() {
  MutexLock lock(mutex_);
  in_a_row_ = 0;
}

uint32_t RefusalMemory::refused(int code) {
  MutexLock lock(mutex_);
  if (code != code_) in_a_row_ = 0;
  code_ = code;
  return ++in_a_row_;
}

void RefusalMemory::release(Partition partition) {
  {
    MutexLock lock(mutex_);
    ++releases_[partition];
    in_a_row_ = 0;
  }
  released_.notify_all();
}

uint64_t RefusalMemory::count(const SealedBatch& batch) const {
  uint64_t count = 0;
  for (const Span& span : batch.spans) {
    if (const auto found = releases_.find(span.partition); found != releases_.end()) count += found->second;
  }
  return count;
}

uint64_t RefusalMemory::releases(const SealedBatch& batch) {
  MutexLock lock(mutex_);
  return count(batch);
}

bool RefusalMemory::wait_for_release(const SealedBatch& batch, Clock& clock, std::stop_token stop, SteadyTime deadline,
                                     uint64_t seen) {
  MutexLock lock(mutex_);
  return clock.wait_until(released_, mutex_, stop, deadline, [&]() REQUIRES(mutex_) { return count(batch) > seen; });
}

BatchWriting::BatchWriting(RowWriter& writer, RefusalMemory& memory, Clock& clock)
    : writer_(writer), memory_(memory), clock_(clock) {}

BatchResult BatchWriting::write(std::shared_ptr<const SealedBatch> batch, const WriteControl& control) {
  batch_ = std::move(batch);
  items_.clear();
  result_ = BatchResult{batch_, false, {}, 0, {}};
  InsertRequest whole{batch_->layout.get(), {}, batch_->row_count, batch_->row_bytes, batch_->insert_token};
  for (const auto& chunk : batch_->chunks) whole.rows.push_back(chunk->rows);

  for (bool released = false;;) {
    ++result_.inserts;
    const WriteOutcome outcome = writer_.write(whole, control);
    if (outcome.kind == WriteOutcome::Kind::Abandoned) return std::move(result_);
    if (outcome.kind == WriteOutcome::Kind::Written) {
      memory_.accepted();
      result_.written = true;
      return std::move(result_);
    }
    if (items_.empty()) list_items();
    bool abandoned = false;
    if (!released && looks_like_schema_change(outcome, control, abandoned)) {
      released = hold(outcome, control, "every row of the batch is refused alike: the table and the messages differ");
      if (control.stop.stop_requested()) return std::move(result_);
      continue;
    }
    if (abandoned) return std::move(result_);
    result_.written = isolate_all(outcome, control);
    return std::move(result_);
  }
}

bool BatchWriting::isolate_all(const WriteOutcome& whole, const WriteControl& control) {
  for (;;) {
    Verdict verdict = Verdict::Done;
    for (const Range range : open_ranges()) {
      const bool known = result_.inserts == 1 && range.begin == 0 && range.end == items_.size();
      verdict = isolate(range, known ? &whole : nullptr, control);
      if (verdict != Verdict::Done) break;
    }
    if (verdict == Verdict::Done) return true;
    if (verdict == Verdict::Abandoned) return false;
    const bool released = hold(whole, control, "200 inserts did not find all refused messages of the batch");
    if (control.stop.stop_requested()) return false;
    result_.inserts = released ? 0 : kMaxInserts - 1;
  }
}

void BatchWriting::list_items() {
  uint64_t rows = 0;
  for (uint32_t c = 0; c < batch_->chunks.size(); ++c) {
    const auto& messages = batch_->chunks[c]->messages;
    for (uint32_t m = 0; m < messages.size(); ++m) {
      items_.push_back({c, m, rows});
      rows += messages[m].row_count;
    }
  }
  finished_.assign(items_.size(), false);
}

WriteOutcome BatchWriting::insert(Range range, const WriteControl& control) {
  InsertRequest request{batch_->layout.get(), {}, 0, 0, {}};
  for (size_t i = range.begin; i < range.end; ++i) {
    const ProcessedChunk& chunk = *batch_->chunks[items_[i].chunk];
    const MessageRows& message = chunk.messages[items_[i].message];
    const std::string_view rows = std::string_view(chunk.rows).substr(message.rows_begin, message.rows_size);
    // Neighbours in memory become one piece.
    if (!request.rows.empty() && request.rows.back().data() + request.rows.back().size() == rows.data()) {
      request.rows.back() = {request.rows.back().data(), request.rows.back().size() + rows.size()};
    } else {
      request.rows.push_back(rows);
    }
    request.row_count += message.row_count;
    request.row_bytes += rows.size();
  }
  const std::string token = part_token(batch_->insert_token, range.begin, range.end);
  request.token = token;
  ++result_.inserts;
  WriteOutcome outcome = writer_.write(request, control);
  if (outcome.kind == WriteOutcome::Kind::Written) {
    memory_.accepted();
    std::fill(finished_.begin() + static_cast<ptrdiff_t>(range.begin),
              finished_.begin() + static_cast<ptrdiff_t>(range.end), true);
  }
  return outcome;
}

void BatchWriting::refuse(size_t item, const WriteOutcome& outcome) {
  finished_[item] = true;
  result_.refused.push_back({items_[item].chunk, items_[item].message, outcome.code, outcome.text});
}

bool BatchWriting::looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned) {
  if (items_.size() < kSmallestAlike) {
    return memory_.refused(whole.code) > kRefusedInARow;
  }
  // The first, the middle and the last message alone: bad data is rarely bad in all three, and in the same way.
  const std::array<size_t, 3> probes = {0, items_.size() / 2, items_.size() - 1};
  for (const size_t probe : probes) {
    if (finished_[probe]) return false;
    const WriteOutcome outcome = insert({probe, probe + 1}, control);
    if (outcome.kind == WriteOutcome::Kind::Abandoned) {
      abandoned = true;
      return false;
    }
    if (outcome.kind == WriteOutcome::Kind::Written || outcome.code != whole.code) return false;
  }
  return true;
}

BatchWriting::Verdict BatchWriting::isolate(Range range, const WriteOutcome* known, const WriteControl& control) {
  struct Task {
    Range range;
    std::optional<WriteOutcome> known;
  };
  std::vector<Task> tasks;
  tasks.push_back({range, known != nullptr ? std::optional(*known) : std::nullopt});
  while (!tasks.empty()) {
    const Task task = std::move(tasks.back());
    tasks.pop_back();
    if (!task.known && result_.inserts >= kMaxInserts) return Verdict::OutOfInserts;
    const WriteOutcome outcome = task.known ? *task.known : insert(task.range, control);
    if (outcome.kind == WriteOutcome::Kind::Abandoned) return Verdict::Abandoned;
    if (outcome.kind == WriteOutcome::Kind::Written) continue;
    const auto [begin, end] = task.range;
    if (end - begin == 1) {
      refuse(begin, outcome);
      continue;
    }
    size_t suspect = begin + (end - begin) / 2;
    bool named = false;
    if (outcome.row) {
      const uint64_t row = items_[begin].rows_before + *outcome.row;
      const auto after =
          std::upper_bound(items_.begin() + static_cast<ptrdiff_t>(begin), items_.begin() + static_cast<ptrdiff_t>(end),
                           row, [](uint64_t r, const Item& item) { return r < item.rows_before; });
      suspect = static_cast<size_t>(after - items_.begin()) - 1;
      named = true;
    }
    // Last in, first out: the suspect alone, then what stands before it, then what comes after.
    if (named) {
      if (suspect + 1 < end) tasks.push_back({{suspect + 1, end}, std::nullopt});
      if (begin < suspect) tasks.push_back({{begin, suspect}, std::nullopt});
      tasks.push_back({{suspect, suspect + 1}, std::nullopt});
    } else {
      tasks.push_back({{suspect, end}, std::nullopt});
      tasks.push_back({{begin, suspect}, std::nullopt});
    }
  }
  return Verdict::Done;
}

std::vector<BatchWriting::Range> BatchWriting::open_ranges() const {
  std::vector<Range> ranges;
  for (size_t i = 0; i < items_.size(); ++i) {
    if (finished_[i]) continue;
    if (ranges.empty() || ranges.back().end != i) ranges.push_back({i, i});
    ranges.back().end = i + 1;
  }
  return ranges;
}

bool BatchWriting::hold(const WriteOutcome& outcome, const WriteControl& control, const char* what) {
  const uint64_t seen = memory_.releases(*batch_);
  if (control.on_failure) {
    control.on_failure({InsertFailure::Class::Operator, outcome.code,
                        fmt::format("{}; held, tried again every 30 s: alter the table, or release the partition to "
                                    "treat the rows as bad data. {}",
                                    what, message_text(outcome.text)),
                        result_.inserts, true});
  }
  return memory_.wait_for_release(*batch_, clock_, control.stop, clock_.steady_now() + kHoldRetry, seen);
}

}  // namespace freshet::stream
