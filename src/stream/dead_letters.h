// Messages that cannot become rows: to the dead-letter topic, or, without one, dropped or a reason to block.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/dead_letter_record.h"
#include "stream/commands.h"
#include "stream/pipeline_state.h"

namespace freshet::stream {

// Threads: the loop only. Changes offsets and blocks of partitions, and the DlqWriter.
class DeadLetters {
 public:
  explicit DeadLetters(PipelineState& state) : state_(state) {}

  // The message is not finished before closed(). Without a dead-letter topic the settings decide: it is dropped at
  // once, or blocks the partition.
  void add(std::shared_ptr<const DeadLetterRecord> dead_letter, TrackedPartition& partition);
  // The topic has the record, or a rule or an operator dropped it.
  void closed(const DlqWriter::Finished& finished);
  // Adds the records to send now, and blocks partitions beyond the rate limit. False while the rate limit holds.
  bool send(SteadyTime now, Commands& commands);
  void result(uint64_t ticket, const Status& status, SteadyTime now);

 private:
  void block(const std::vector<DlqWriter::Blocked>& blocked);

  PipelineState& state_;
};

}  // namespace freshet::stream
