// What is written beside the rows, and which offsets wait for it: commit log, replacements, COGS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "delivery/delivery_queue.h"
#include "model/batch.h"
#include "ports/record_producer.h"
#include "stream/cogs_aggregator.h"
#include "stream/commit_log.h"
#include "stream/stream_metrics.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

enum class SideTopicName { CommitLog, Replacements, Cogs };
constexpr size_t kSideTopics = 3;
const char* to_string(SideTopicName name);

struct OutgoingRecord {
  SideTopicName topic;
  uint64_t ticket = 0;
  std::shared_ptr<const ProducerRecord> record;
};

// Threads: the loop only; lives as long as the pipeline, over all sessions.
class SideOutputs {
 public:
  // A part of a stored batch whose commit-log record the broker has (or that needs none).
  struct FinishedPart {
    Partition partition;
    Epoch epoch;
    std::vector<uint64_t> chunks;  // their sequence numbers
  };
  struct FinishedReplacement {
    Partition partition;
    Epoch epoch;
    Offset offset;
  };
  struct Finished {
    std::vector<FinishedPart> parts;
    std::vector<FinishedReplacement> replacements;
    std::optional<FinishedReplacement> rejected;  // its topic does not take it; it is sent again
  };

  SideOutputs(const StreamSettings& settings, std::string cogs_resource, StreamMetrics& metrics, Log& log);

  void batch_sealed(const SealedBatch& batch);
  // `finished` gets what needs nothing further.
  void batch_stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime now, Finished& finished);
  void add_replacement(Partition partition, Epoch epoch, const Replacement& replacement, Charge charge);

  // Records that may go now, each topic's in order.
  void take_sendable(SteadyTime now, SystemTime wall, std::vector<OutgoingRecord>& out);
  void result(SideTopicName topic, uint64_t ticket, const Status& status, SteadyTime now, Finished& finished);
  // The partition is being taken away: no further replacement goes out; its stored batches still get their records.
  void stop_batching(Partition partition) { replacements_.suspend(partition); }
  // The partition is not owned now: what no producer has waits for resume() or drop().
  // True when the producers still have records of it.
  bool suspend(Partition partition);
  void resume(Partition partition);
  // True when the producers may still have records of it that nobody waits for any more.
  bool drop(Partition partition, Epoch epoch);
  // The first replacement of the partition that its topic does not have yet.
  std::optional<Offset> first_replacement(Partition partition) const;
  // The operator goes on from `next`: replacements below it are given up. Nothing while the producer has some.
  std::vector<FinishedReplacement> drop_replacements(Partition partition, Epoch epoch, Offset next);
  // The end of the program: the sums go out now.
  void flush_cogs();

  // Nothing of the partition is with a producer, and every stored batch of it has its record in the topic.
  bool settled(Partition partition) const;
  // No offset waits for a record.
  bool empty() const { return commit_log_records_.empty() && replacements_.empty(); }
  bool cogs_flushed() const { return cogs_.empty() && cogs_records_.empty(); }
  std::optional<SteadyTime> next_deadline() const;
  // A topic that has acknowledged nothing for some seconds, for a person; empty = none.
  std::string not_ready_reason(SteadyTime now) const;

 private:
  struct SideRecord {
    std::shared_ptr<const ProducerRecord> record;
    std::vector<uint64_t> chunks{};  // commit log: what it finishes
  };
  using Queue = delivery::DeliveryQueue<SideRecord>;

  Queue& queue(SideTopicName topic);

  const SideOutputSettings settings_;
  StreamMetrics& metrics_;
  Log& log_;
  const std::string topic_;
  CommitLog commit_log_;
  CogsAggregator cogs_;
  Queue commit_log_records_{delivery::Retry::InOrder};
  Queue replacements_{delivery::Retry::InOrder};
  Queue cogs_records_{delivery::Retry::InOrder};
  uint64_t next_id_ = 1;  // of the commit log
  std::string last_error_;
};

}  // namespace freshet::stream
