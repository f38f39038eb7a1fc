// When the loop takes messages from the source, and how many. What waits in the source costs no memory, and unlike a
// pause makes the client library drop nothing. A backlog then passes through the same few megabytes.
#pragma once

#include <cstdint>
#include <memory>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "model/ids.h"
#include "stream/fetch_turns.h"

namespace freshet::stream {

// Messages are taken in bursts. A burst begins when the workers have less than half of what keeps them busy. It ends
// when they have enough, and each partition from which more is expected has delivered, so that all partitions proceed
// at about the same pace; at the latest at a share of the memory. Partitions that even so are never reached have turns.
// Threads: the loop only. Lives across all consumers.
class Intake {
 public:
  // What holds memory, beside what the budget says.
  struct Load {
    uint64_t with_workers = 0;       // bytes of messages that are not processed yet
    uint64_t for_operator = 0;       // bytes that no batch frees before an operator decides, or it is tried again
    bool batches_make_room = false;  // a batch is being written, or waits for a writer
    bool stopped = false;            // all partitions are paused, or about to be lost
  };

  // `source_keeps_messages`, `full_queue_bytes`: see StreamSettings.
  Intake(std::shared_ptr<const ByteBudget> budget, uint32_t workers, bool source_keeps_messages,
         uint64_t full_queue_bytes);

  FetchTurns& turns() { return turns_; }
  const FetchTurns& turns() const { return turns_; }

  void took(Partition partition, uint64_t bytes, SteadyTime now);
  void reached_end(Partition partition, SteadyTime now) { turns_.reached_end(partition, now); }
  // Begins and ends bursts and turns. Call once a turn of the loop.
  void advance(const Load& load, SteadyTime now);
  // See FetchTurns. The largest time if the source does not keep messages: then all are taken, and there are no turns.
  SteadyTime offered_at(Partition partition) const {
    return ahead_ == UINT64_MAX ? SteadyTime::max() : turns_.offered_at(partition);
  }
  // How many bytes of messages to take from the source. 0 while workers and writers have enough to do.
  uint64_t wanted() const;

 private:
  bool may_begin(const Load& load) const;
  bool has_enough() const { return taken_ >= least_ && (turns_.missing() == 0 || taken_ >= most_); }
  void advance_burst(const Load& load);
  FetchTurns::Intake as_seen_by_turns();

  const std::shared_ptr<const ByteBudget> budget_;
  const uint64_t ahead_;  // bytes that the workers have at most, if every partition delivers
  const uint64_t most_;   // bytes of a burst
  const uint64_t full_queue_;
  FetchTurns turns_;
  bool stopped_ = false;
  bool open_ = false;
  uint64_t least_ = 0;           // bytes of this burst
  uint64_t taken_ = 0;           // of them
  uint64_t expected_;            // bytes of the next burst
  bool missed_some_ = false;     // a burst has just ended without some partitions
  uint64_t asked_ = 0;           // bytes, in this turn of the loop
  uint64_t came_ = 0;            // of them
  uint64_t since_unbroken_ = 0;  // bytes that came since the turns saw an open intake
};

}  // namespace freshet::stream
