#include "stream/partition_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>

namespace freshet::stream {
namespace {

constexpr std::string_view kFrontier = "frontier=";
constexpr std::string_view kPlan = " plan=";
constexpr size_t kDigestDigits = 32;

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
  std::optional<Hash128> digest() {
    if (left_.size() < kDigestDigits) return std::nullopt;
    Hash128 digest;
    if (!hex(left_.substr(0, kDigestDigits / 2), digest.high) ||
        !hex(left_.substr(kDigestDigits / 2, kDigestDigits / 2), digest.low)) {
      return std::nullopt;
    }
    left_.remove_prefix(kDigestDigits);
    return digest;
  }
  bool empty() const { return left_.empty(); }

 private:
  static bool hex(std::string_view digits, uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return error == std::errc() && end == digits.data() + digits.size() && digits.front() != '-';
  }

  std::string_view left_;
};

// `end` is the first offset behind the span before it.
std::optional<PlannedSpan> read_span(Reader& reader, Offset end) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto gap = reader.number<int64_t>();
  if (!gap || !reader.take("+") || *gap > kMax - end.value) return std::nullopt;
  const auto length = reader.number<int64_t>();
  const int64_t first = end.value + *gap;
  if (!length || *length < 1 || *length > kMax - first) return std::nullopt;
  PlannedSpan span{{Offset{first}, Offset{first + *length - 1}}};
  span.finished = reader.take(":f");
  if (span.finished) return span;
  if (!reader.take(":")) return std::nullopt;
  const auto rows = reader.number<uint64_t>();
  if (!rows || !reader.take(":")) return std::nullopt;
  const auto digest = reader.digest();
  if (!digest) return std::nullopt;
  span.rows = *rows;
  span.digest = *digest;
  if (reader.take(":s")) {
    const auto salt = reader.number<uint32_t>();
    if (!salt || *salt == 0) return std::nullopt;
    span.salt = *salt;
  }
  return span;
}

void append_span(std::string& text, const PlannedSpan& span, Offset end) {
  const OffsetRange& offsets = span.offsets;
  fmt::format_to(std::back_inserter(text), "{}+{}:", offsets.first.value - end.value,
                 offsets.last.value - offsets.first.value + 1);
  if (span.finished) {
    text += 'f';
    return;
  }
  fmt::format_to(std::back_inserter(text), "{}:{:016x}{:016x}", span.rows, span.digest.high, span.digest.low);
  if (span.salt > 0) fmt::format_to(std::back_inserter(text), ":s{}", span.salt);
}

}  // namespace

Result<PartitionPlan> PartitionPlan::parse(std::string_view text, Offset committed) {
  if (text.size() > kMaxText) return unreadable("it is too long");
  Reader reader(text);
  if (!reader.take(kFrontier)) return unreadable("it has no frontier");
  const auto frontier = reader.number<int64_t>();
  if (!frontier || *frontier < committed.value) return unreadable("its frontier is below the offset");
  PartitionPlan plan{Offset{*frontier}};
  if (!reader.take(kPlan)) return unreadable("it has no list of inserts");
  Offset end = committed;
  while (!reader.empty()) {
    if (!plan.spans_.empty() && !reader.take(",")) return unreadable("two inserts without a comma");
    const auto span = read_span(reader, end);
    if (!span) return unreadable(fmt::format("insert {}", plan.spans_.size() + 1));
    end = span->offsets.last.next();
    if (end > plan.frontier_) return unreadable("an insert is beyond the frontier");
    if (plan.spans_.size() == kMaxSpans) return unreadable("it has too many inserts");
    plan.spans_.push_back(*span);
  }
  return plan;
}

std::string PartitionPlan::text(Offset committed) const {
  std::string text = fmt::format("{}{}{}", kFrontier, frontier_.value, kPlan);
  Offset end = committed;
  for (const PlannedSpan& span : spans_) {
    if (&span != &spans_.front()) text += ',';
    append_span(text, span, end);
    end = span.offsets.last.next();
  }
  return text;
}

bool PartitionPlan::may_add() const {
  const auto open = std::count_if(spans_.begin(), spans_.end(), [](const auto& span) { return !span.finished; });
  return static_cast<size_t>(open) < kMaxOpen && spans_.size() + kReserved < kMaxSpans;
}

void PartitionPlan::add(const PlannedSpan& span) {
  assert(may_add() && span.offsets.first >= frontier_);
  frontier_ = span.offsets.last.next();
  spans_.push_back(span);
}

bool PartitionPlan::split(OffsetRange whole, const PlannedSpan& left, const PlannedSpan& right) {
  PlannedSpan* const found = find(whole);
  if (found == nullptr || spans_.size() == kMaxSpans) return false;
  *found = left;
  spans_.insert(spans_.begin() + (found - spans_.data()) + 1, right);
  return true;
}

void PartitionPlan::finish(OffsetRange offsets) {
  PlannedSpan* const span = find(offsets);
  if (span == nullptr) return;
  *span = PlannedSpan{offsets};
  span->finished = true;
  merge_finished();
}

void PartitionPlan::merge_finished() {
  size_t kept = 0;
  for (size_t i = 1; i < spans_.size(); ++i) {
    PlannedSpan& before = spans_[kept];
    if (before.finished && spans_[i].finished && before.offsets.last.next() == spans_[i].offsets.first) {
      before.offsets.last = spans_[i].offsets.last;
    } else {
      spans_[++kept] = spans_[i];
    }
  }
  if (!spans_.empty()) spans_.resize(kept + 1);
}

void PartitionPlan::salt(OffsetRange offsets) {
  if (PlannedSpan* const span = find(offsets)) ++span->salt;
}

void PartitionPlan::advance(Offset committed) {
  std::erase_if(spans_, [&](const PlannedSpan& span) { return span.offsets.last < committed; });
  frontier_ = std::max(frontier_, committed);
}

PlannedSpan* PartitionPlan::find(OffsetRange offsets) {
  const auto found =
      std::find_if(spans_.begin(), spans_.end(), [&](const PlannedSpan& span) { return span.offsets == offsets; });
  return found == spans_.end() ? nullptr : &*found;
}

}  // namespace freshet::stream
