// Which inserts of a partition are planned. The plan is stored in the metadata of the partition's offset commits, so
// that the next owner of the partition can repeat an insert whose result was lost, with the same rows and the same
// token.
//
// A batch is planned, committed, and only then inserted. The committed offset is the first message that is not
// finished; the frontier is the first message that was never planned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/city_hash.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/rows.h"

namespace freshet::stream {

// One insert: the rows of all messages of the partition from first to last.
struct PlannedSpan {
  OffsetRange offsets;
  uint64_t rows = 0;
  Hash128 digest{};  // of the rows (stream/insert_token.h)
  // Part of the token; above 0 after a repair, when the token of the same span is known to be lost.
  uint32_t salt = 0;
  // Its rows, dead letters and side records are done, and rows, digest and salt are 0. It stays in the plan while a
  // span before it is not finished.
  bool finished = false;

  bool operator==(const PlannedSpan&) const = default;
};

// Threads: the loop only.
class PartitionPlan {
 public:
  // Unfinished spans that may be planned freely.
  static constexpr size_t kMaxOpen = 8;
  // With kReserved for the pieces of a span that is split depth first: a batch has at most 2^20 messages.
  static constexpr size_t kMaxSpans = 36;
  static constexpr size_t kReserved = 20;
  // Of text(). Brokers reject more than 4,096 characters of metadata by default (offset.metadata.max.bytes); the rest
  // is for what the Kafka module writes before it.
  static constexpr size_t kMaxText = 4000;

  // Nothing is planned.
  explicit PartitionPlan(Offset frontier) : frontier_(frontier) {}

  // Reads text() from a commit of offset `committed`. Error: it is not a plan, or not one of that offset.
  static Result<PartitionPlan> parse(std::string_view text, Offset committed);
  // "frontier=F plan=SPAN,SPAN,..." with SPAN = GAP+LENGTH:ROWS:DIGEST, then ":sN" for a salt, or GAP+LENGTH:f if it is
  // finished. GAP counts from the end of the span before it, or from `committed`. At most kMaxText characters.
  std::string text(Offset committed) const;

  Offset frontier() const { return frontier_; }
  const std::vector<PlannedSpan>& spans() const { return spans_; }  // ascending, disjoint, below the frontier
  bool may_add() const;

  // Plans the next insert. It must begin at or beyond the frontier; requires may_add().
  void add(const PlannedSpan& span);
  // Replaces the span `whole` by two that cover the same offsets. False: there is no such span, or no room.
  bool split(OffsetRange whole, const PlannedSpan& left, const PlannedSpan& right);
  // Marks the span with these offsets as finished. Finished spans without a gap between them become one.
  void finish(OffsetRange offsets);
  // Gives the span with these offsets a new token.
  void salt(OffsetRange offsets);
  // Everything below `committed` is finished: removes these spans.
  void advance(Offset committed);

  bool operator==(const PartitionPlan&) const = default;

 private:
  PlannedSpan* find(OffsetRange offsets);
  void merge_finished();

  Offset frontier_;
  std::vector<PlannedSpan> spans_;
};

}  // namespace freshet::stream
