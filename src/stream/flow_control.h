// Which partitions the source delivers. The desired state follows from the states of the partitions and of the
// consumer. Once a turn it is compared with what the source was told last. Nothing else pauses or resumes a partition.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/byte_budget.h"
#include "model/ids.h"

namespace freshet::stream {

// Threads: the loop only. Lives as long as the pipeline, across all consumers.
class FlowControl {
 public:
  enum class ConsumerPhase { Running, Leaving, Stopping };
  // The inputs for one owned partition.
  struct PartitionView {
    Partition partition;
    bool blocked = false;       // waits for an operator
    bool reached_stop = false;  // everything up to the stop condition was read
    bool draining = false;      // is being revoked
    bool must_read = false;     // backpressure does not pause it
    bool held_back = false;     // other partitions have a turn (FetchTurns)
  };
  enum class Delivery {
    Run,
    Pause,
    Unchanged,  // the source is about to lose the partition; anything it still delivers is dropped
  };
  struct Changes {
    std::vector<Partition> pause;
    std::vector<Partition> resume;
  };

  explicit FlowControl(std::shared_ptr<const ByteBudget> budget) : budget_(std::move(budget)) {}

  // The source may have any pause state: tell it again in any case.
  void consumer_started() { told_.clear(); }
  void assigned(Partition partition) { told_.erase(partition); }

  // Backpressure starts when more than the limit is held, and ends when less than half of it is. What is only promised
  // does not count. True if it starts now.
  bool update_backpressure();
  bool backpressure() const { return backpressure_; }

  Delivery desired(const PartitionView& view, ConsumerPhase phase) const;
  // Whether the partition is paused after compare(), not counting a short pause for the turn of others.
  bool paused(const PartitionView& view, ConsumerPhase phase) const;
  // Appends what the source has to be told about this partition.
  void compare(const PartitionView& view, ConsumerPhase phase, Changes& changes);

 private:
  const std::shared_ptr<const ByteBudget> budget_;
  bool backpressure_ = false;
  std::map<Partition, bool> told_;  // true = paused
};

}  // namespace freshet::stream
