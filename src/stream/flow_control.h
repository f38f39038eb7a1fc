// Which partitions the source delivers. What is wanted follows from the states of the partitions and of the consumer;
// once a turn it is compared with what the source was told. Nothing else pauses or resumes a partition.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/byte_budget.h"
#include "model/ids.h"

namespace freshet::stream {

// Threads: the loop only. It lives as long as the pipeline, over all consumers.
class FlowControl {
 public:
  enum class ConsumerPhase { Running, Leaving, Stopping };
  // One owned partition.
  struct PartitionView {
    Partition partition;
    bool blocked = false;       // it waits for an operator
    bool reached_stop = false;  // all that is to be read of it was read
    bool draining = false;      // it is being revoked
  };
  enum class Delivery {
    Run,
    Pause,
    Unchanged,  // the source is about to lose the partition, and what it still delivers is dropped
  };
  struct Changes {
    std::vector<Partition> pause;
    std::vector<Partition> resume;
  };

  explicit FlowControl(std::shared_ptr<const ByteBudget> budget) : budget_(std::move(budget)) {}

  // The source may remember anything of its partitions: it is told in any case.
  void consumer_started() { told_.clear(); }
  void assigned(Partition partition) { told_.erase(partition); }

  // Pushes back above the limit of the budget, until half of it is free. Returns whether it begins to.
  bool update_push_back();

  Delivery desired(const PartitionView& view, ConsumerPhase phase) const;
  // Whether the partition is paused once compare() was called.
  bool paused(const PartitionView& view, ConsumerPhase phase) const;
  // What the source has to be told of this partition.
  void compare(const PartitionView& view, ConsumerPhase phase, Changes& changes);

 private:
  const std::shared_ptr<const ByteBudget> budget_;
  bool pushing_back_ = false;
  std::map<Partition, bool> told_;  // paused?
};

}  // namespace freshet::stream
