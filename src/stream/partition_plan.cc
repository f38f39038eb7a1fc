#include "stream/partition_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>

#include "model/delivery.h"

namespace freshet::stream {
namespace {

constexpr std::string_view kPlan = "plan=";
constexpr size_t kHashDigits = 32;
constexpr size_t kCheckDigits = 12;  // 8 of the messages, 4 of the layout
// Upper bounds of one span's text, for spans of at most 10^9 messages and rows.
constexpr size_t kPlannedText = 77;
constexpr size_t kFinishedText = 13;
// The share of the text that add() keeps free, so that batches with some rejected messages can be split.
constexpr double kKeptForSplits = 0.4;

tl::unexpected<Error> unreadable(std::string_view what) {
  return failure(ErrorKind::Invalid, fmt::format("the plan in the offset's metadata is not readable: {}", what));
}

// Takes a value from the front of a text. A value that is not there leaves the text as it is.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  bool take(std::string_view expected) {
    if (!left_.starts_with(expected)) return false;
    left_.remove_prefix(expected.size());
    return true;
  }
  // Decimal digits without a sign.
  template <typename T>
  std::optional<T> number() {
    T value = 0;
    if (left_.empty() || left_.front() == '-') return std::nullopt;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    if (error != std::errc()) return std::nullopt;
    left_.remove_prefix(static_cast<size_t>(end - left_.data()));
    return value;
  }
  std::optional<Hash128> hash() {
    if (left_.size() < kHashDigits) return std::nullopt;
    Hash128 hash;
    if (!hex(left_.substr(0, kHashDigits / 2), hash.high) ||
        !hex(left_.substr(kHashDigits / 2, kHashDigits / 2), hash.low)) {
      return std::nullopt;
    }
    left_.remove_prefix(kHashDigits);
    return hash;
  }
  // A salt has fewer digits.
  std::optional<PlanCheck> check() {
    uint64_t value = 0;
    if (left_.size() < kCheckDigits || !hex(left_.substr(0, kCheckDigits), value)) return std::nullopt;
    left_.remove_prefix(kCheckDigits);
    return PlanCheck{static_cast<uint32_t>(value >> 16), static_cast<uint16_t>(value)};
  }
  bool empty() const { return left_.empty(); }

 private:
  static bool hex(std::string_view digits, uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return error == std::errc() && end == digits.data() + digits.size() && digits.front() != '-';
  }

  std::string_view left_;
};

std::optional<PlannedSpan> read_span(Reader& reader, Offset first) {
  const auto length = reader.number<int64_t>();
  if (!length || *length < 1 || *length > std::numeric_limits<int64_t>::max() - first.value) return std::nullopt;
  PlannedSpan span{{first, Offset{first.value + *length - 1}}};
  if (!reader.take(":")) return std::nullopt;
  if (reader.take("s")) {
    span.state = SpanState::Stored;
    return span;
  }
  if (reader.take("r")) {
    span.state = SpanState::Rejected;
    return span;
  }
  if (reader.take("f")) {
    span.state = SpanState::Finished;
    return span;
  }
  const auto rows = reader.number<uint64_t>();
  if (!rows || !reader.take(":")) return std::nullopt;
  const auto hash = reader.hash();
  if (!hash) return std::nullopt;
  span.rows = *rows;
  span.token_hash = *hash;
  if (!reader.take(":")) return span;
  span.check = reader.check();
  if (span.check && !reader.take(":")) return span;
  const auto salt = reader.number<uint32_t>();
  if (!salt || *salt == 0) return std::nullopt;
  span.salt = *salt;
  return span;
}

void append_span(std::string& text, const PlannedSpan& span, Offset first) {
  fmt::format_to(std::back_inserter(text), "{}:", span.offsets.last.value - first.value + 1);
  switch (span.state) {
    case SpanState::Stored:
      text += 's';
      return;
    case SpanState::Rejected:
      text += 'r';
      return;
    case SpanState::Finished:
      text += 'f';
      return;
    case SpanState::Planned:
      break;
  }
  fmt::format_to(std::back_inserter(text), "{}:{:016x}{:016x}", span.rows, span.token_hash.high, span.token_hash.low);
  if (span.check) fmt::format_to(std::back_inserter(text), ":{:08x}{:04x}", span.check->messages, span.check->layout);
  if (span.salt > 0) fmt::format_to(std::back_inserter(text), ":{}", span.salt);
}

}  // namespace

Result<PartitionPlan> PartitionPlan::parse(std::string_view text, Offset committed) {
  PartitionPlan plan{committed};
  if (text.empty()) return plan;
  if (text.size() > kMaxText) return unreadable("it is too long");
  Reader reader(text);
  if (!reader.take(kPlan)) return unreadable("it has no list of inserts");
  do {
    const auto span = read_span(reader, plan.frontier_);
    if (!span) return unreadable(fmt::format("insert {}", plan.spans_.size() + 1));
    plan.frontier_ = span->offsets.last.next();
    plan.spans_.push_back(*span);
  } while (reader.take(","));
  if (!reader.empty()) return unreadable(fmt::format("text after insert {}", plan.spans_.size()));
  return plan;
}

PartitionPlan::Text PartitionPlan::text(Offset committed, size_t max) const {
  Text out{{}, committed};
  for (const PlannedSpan& span : spans_) {
    if (span.offsets.last < committed) continue;
    const size_t before = out.text.size();
    out.text += out.text.empty() ? kPlan : ",";
    append_span(out.text, span, out.frontier);
    if (out.text.size() > max) {
      out.text.resize(before);
      return out;
    }
    out.frontier = span.offsets.last.next();
  }
  out.frontier = std::max(out.frontier, frontier_);
  return out;
}

const PlannedSpan* PartitionPlan::find(OffsetRange offsets) const {
  const size_t index = index_of(offsets);
  return index == spans_.size() ? nullptr : &spans_[index];
}

size_t PartitionPlan::index_of(OffsetRange offsets) const {
  const auto found =
      std::find_if(spans_.begin(), spans_.end(), [&](const PlannedSpan& span) { return span.offsets == offsets; });
  return static_cast<size_t>(found - spans_.begin());
}

size_t PartitionPlan::text_bound() const {
  size_t bound = kPlan.size();
  for (const PlannedSpan& span : spans_) {
    bound += span.state == SpanState::Planned ? kPlannedText : kFinishedText;
  }
  return bound;
}

bool PartitionPlan::has_room(size_t max) const {
  if (spans_.empty()) return true;
  const auto planned = std::count_if(spans_.begin(), spans_.end(),
                                     [](const PlannedSpan& span) { return span.state == SpanState::Planned; });
  const auto kept = static_cast<size_t>(kKeptForSplits * static_cast<double>(max));
  return planned < kPlannedInsertsPerPartition && text_bound() + kPlannedText + kept <= max;
}

bool PartitionPlan::has_room_for_pieces(size_t pieces, size_t max) const {
  return text_bound() + pieces * kPlannedText <= max;
}

void PartitionPlan::add(Offset last, uint64_t rows, Hash128 token_hash, std::optional<PlanCheck> check) {
  assert(last >= frontier_);
  spans_.push_back({{frontier_, last}, SpanState::Planned, rows, token_hash, 0, check});
  frontier_ = last.next();
  ++version_;
}

void PartitionPlan::split(OffsetRange whole, const std::vector<PlannedSpan>& pieces) {
  const size_t index = index_of(whole);
  assert(index < spans_.size() && pieces.front().offsets.first == whole.first &&
         pieces.back().offsets.last == whole.last);
  spans_.erase(spans_.begin() + static_cast<ptrdiff_t>(index));
  spans_.insert(spans_.begin() + static_cast<ptrdiff_t>(index), pieces.begin(), pieces.end());
  ++version_;
}

void PartitionPlan::replace(OffsetRange offsets, uint64_t rows, Hash128 token_hash, uint32_t salt,
                            std::optional<PlanCheck> check) {
  PlannedSpan& span = spans_.at(index_of(offsets));
  assert(span.state == SpanState::Planned);
  span.rows = rows;
  span.token_hash = token_hash;
  span.salt = salt;
  span.check = check;
  ++version_;
}

void PartitionPlan::finish(const std::function<bool(OffsetRange)>& finished) {
  bool any = false;
  for (PlannedSpan& span : spans_) {
    const bool may = span.state == SpanState::Stored || span.state == SpanState::Rejected;
    if (!may || !finished(span.offsets)) continue;
    span.state = SpanState::Finished;
    any = true;
  }
  if (!any) return;
  ++version_;
  merge();
}

void PartitionPlan::end(OffsetRange offsets, SpanState state) {
  const size_t index = index_of(offsets);
  if (index == spans_.size() || spans_[index].state != SpanState::Planned) return;
  spans_[index] = PlannedSpan{offsets, state};
  ++version_;
  merge();
}

void PartitionPlan::merge() {
  size_t kept = 0;
  for (size_t i = 1; i < spans_.size(); ++i) {
    PlannedSpan& before = spans_[kept];
    if (before.state == spans_[i].state && before.state != SpanState::Planned) {
      before.offsets.last = spans_[i].offsets.last;
    } else {
      spans_[++kept] = spans_[i];
    }
  }
  spans_.resize(kept + 1);
}

Offset PartitionPlan::committable(Offset finished) const {
  for (const PlannedSpan& span : spans_) {
    const bool inside = span.offsets.first < finished && finished <= span.offsets.last;
    if (inside && span.state == SpanState::Planned) return span.offsets.first;
  }
  return finished;
}

void PartitionPlan::committing(Offset next) { frontier_ = std::max(frontier_, next); }

void PartitionPlan::advance(Offset committed) {
  std::erase_if(spans_, [&](const PlannedSpan& span) { return span.offsets.last < committed; });
  if (!spans_.empty() && spans_.front().offsets.first < committed) spans_.front().offsets.first = committed;
  frontier_ = std::max(frontier_, committed);
}

void PartitionPlan::end_at(Offset end) {
  if (frontier_ <= end) return;
  std::erase_if(spans_, [&](const PlannedSpan& span) { return span.offsets.first >= end; });
  if (!spans_.empty() && spans_.back().offsets.last >= end) {
    spans_.back().offsets.last = Offset{end.value - 1};
    spans_.back().check.reset();
  }
  frontier_ = end;
  ++version_;
}

}  // namespace freshet::stream
