// Builds again the inserts that the partition's last owner had planned and not finished.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/message.h"
#include "model/rows.h"
#include "stream/partition_plan.h"

namespace freshet::stream {

// Threads: the loop only. Limits of batches do not apply to these spans, because they must have the same rows as
// before.
class PartitionReplay {
 public:
  struct Rebuilt {
    PlannedSpan span;
    std::vector<std::shared_ptr<const ProcessedChunk>> chunks;  // in offset order; empty: no message is left of it
  };

  PartitionReplay() = default;
  explicit PartitionReplay(const PartitionPlan& plan) : spans_(plan.spans().begin(), plan.spans().end()) {}

  bool active() const { return !spans_.empty(); }
  // The message belongs to one of the spans.
  bool covers(Offset offset) const { return active() && offset <= spans_.back().offsets.last; }
  // Nothing of this message is to be done again.
  bool finished(Offset offset) const;
  // Messages of the first span are not delivered yet; `position` is the next one to deliver.
  bool needs(Offset position) const { return active() && position <= spans_.front().offsets.last; }
  // Cuts a delivered chunk where spans end, so that each part belongs to one span, or to none. In offset order.
  std::vector<MessageChunk> cut(MessageChunk chunk) const;

  // In offset order. Requires covers().
  void add(std::shared_ptr<const ProcessedChunk> chunk);
  // Returns the first span once it is complete: no message below `next` will be added any more. Returns the chunks of
  // one that is not inserted again as they come, because it may be as long as the plan was not worked off.
  std::optional<Rebuilt> take(Offset next);

  // The partition ends at `end`, within the spans: after a truncation, messages of a span do not exist any more. A
  // leader that has just been elected may report a lower end for a moment, so it must stay there for a while.
  void reached_end(Offset end, SteadyTime now);
  // More messages came.
  void continues() { ends_.reset(); }
  // True once the partition has ended at `end` for long enough. What lies behind is dropped.
  std::optional<Offset> take_truncation(SteadyTime now);

 private:
  struct End {
    Offset at;
    SteadyTime since;
  };
  std::deque<PlannedSpan> spans_;  // ascending, not complete
  std::vector<std::shared_ptr<const ProcessedChunk>> chunks_;
  std::optional<End> ends_;
};

}  // namespace freshet::stream
