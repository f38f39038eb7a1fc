// Which inserts of a partition are planned. The plan is stored in the metadata of the partition's offset commits, so
// that the next owner of the partition repeats an insert whose result was lost, with the rows of the same messages and
// the same token. The token is that of the first owner: the next one may write the same rows in another format, because
// it knows another table, or may run another version of the processor. A check tells it that the messages are the same.
//
// A batch is planned, committed, and only then inserted. The spans of a plan have no gaps: they cover all messages from
// the committed offset to the frontier, the first message that was never planned.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/city_hash.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/ids.h"
#include "model/rows.h"

namespace freshet::stream {

enum class SpanState {
  Planned,   // one insert, which may be under way
  Stored,    // the rows are in the table; dead letters and side records may be under way
  Rejected,  // the table rejects the rows: they become dead letters and are never inserted
  Finished,  // nothing of it is under way; it waits for a span before it
};

// All messages of the partition from first to last.
struct PlannedSpan {
  OffsetRange offsets;
  SpanState state = SpanState::Planned;
  // 0 unless Planned:
  uint64_t rows = 0;
  Hash128 token_hash{};  // InsertToken::hash
  uint32_t salt = 0;     // above 0 after a repair, when the token of the same rows is known to be spent
  // nullopt: an earlier version of freshet planned it, or the span is not what it was.
  std::optional<PlanCheck> check{};

  bool operator==(const PlannedSpan&) const = default;
};

// Threads: the loop only.
class PartitionPlan {
 public:
  // Brokers reject more than 4,096 characters of metadata by default (offset.metadata.max.bytes); the rest is for what
  // the Kafka module writes before the plan.
  static constexpr size_t kMaxText = 4000;

  // A part of the plan that fits into a commit.
  struct Text {
    std::string text;  // empty = nothing is planned
    Offset frontier;   // the first offset that is not in `text`
  };

  explicit PartitionPlan(Offset frontier) : frontier_(frontier) {}

  // Reads Text::text from a commit of offset `committed`; an empty text is an empty plan. Error: it is not a plan.
  static Result<PartitionPlan> parse(std::string_view text, Offset committed);
  // The plan from `committed` on, which committable() returned: "plan=SPAN,SPAN,..." with SPAN =
  // LENGTH:ROWS:TOKEN_HASH, then ":CHECK" and ":SALT" if there are any; LENGTH:s if it is stored, LENGTH:r rejected,
  // LENGTH:f finished. Leaves out the last spans if the text would be longer than `max`.
  Text text(Offset committed, size_t max = kMaxText) const;

  // Changes with every change that the next owner has to know, except advance().
  uint64_t version() const { return version_; }
  Offset frontier() const { return frontier_; }
  const std::vector<PlannedSpan>& spans() const { return spans_; }
  bool empty() const { return spans_.empty(); }
  // The span with these offsets; null = none.
  const PlannedSpan* find(OffsetRange offsets) const;

  // add() is possible. `max`: see text().
  bool has_room(size_t max = kMaxText) const;
  // Plans the next insert: of the messages from the frontier to `last`.
  void add(Offset last, uint64_t rows, Hash128 token_hash, std::optional<PlanCheck> check = std::nullopt);
  // split() into this many pieces is possible.
  bool has_room_for_pieces(size_t pieces, size_t max = kMaxText) const;
  // Replaces a span by adjacent ones that cover the same offsets. Requires that the span exists.
  void split(OffsetRange whole, const std::vector<PlannedSpan>& pieces);
  // Replaces what is to be inserted for the span. Requires that it is Planned.
  void replace(OffsetRange offsets, uint64_t rows, Hash128 token_hash, uint32_t salt,
               std::optional<PlanCheck> check = std::nullopt);
  // The span's rows are stored, or rejected. No effect if it is not in the plan. Adjacent spans of one state become
  // one.
  void stored(OffsetRange offsets) { end(offsets, SpanState::Stored); }
  void rejected(OffsetRange offsets) { end(offsets, SpanState::Rejected); }
  // Stored and rejected spans for which `finished` is true are finished.
  void finish(const std::function<bool(OffsetRange)>& finished);

  // The offset to commit if everything below `finished` is finished: not inside a planned span, whose token names its
  // first offset.
  Offset committable(Offset finished) const;
  // A commit of `next`, which committable() returned, is sent: later spans do not begin below it.
  void committing(Offset next);
  // Everything below `committed` is finished; it leaves the plan.
  void advance(Offset committed);
  // Messages at and behind `end` do not exist: the topic was truncated. The span that contains `end` ends before it.
  void end_at(Offset end);

  bool operator==(const PartitionPlan& other) const { return frontier_ == other.frontier_ && spans_ == other.spans_; }

 private:
  void end(OffsetRange offsets, SpanState state);
  size_t index_of(OffsetRange offsets) const;
  size_t text_bound() const;
  void merge();

  Offset frontier_;
  std::vector<PlannedSpan> spans_;  // ascending, without gaps, up to the frontier
  uint64_t version_ = 0;
};

}  // namespace freshet::stream
