// What is written beside the rows, and which offsets wait for it: commit log, replacements, accounts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "model/batch.h"
#include "stream/accounts.h"
#include "stream/commit_log.h"
#include "stream/outbox.h"
#include "stream/stream_metrics.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

enum class SideTopicName { CommitLog, Replacements, Accounts };
constexpr size_t kSideTopics = 3;
const char* to_string(SideTopicName name);

struct OutgoingRecord {
  SideTopicName topic;
  uint64_t ticket = 0;
  std::shared_ptr<const SideRecord> record;
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
    std::optional<FinishedReplacement> refused;  // its topic does not take it; it is tried again
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
  void stop_filling(Partition partition) { replacements_outbox_.suspend(partition); }
  // The partition is not owned now: what is not with a producer waits for go_on() or forget().
  // True when the producers still have records of it.
  bool suspend(Partition partition);
  void go_on(Partition partition);
  // True when the producers may still have records of it that nobody waits for any more.
  bool forget(Partition partition, Epoch epoch);
  // The first replacement of the partition that its topic does not have yet.
  std::optional<Offset> first_replacement(Partition partition) const;
  // The operator goes on from `next`: replacements below it are given up. Nothing while the producer has some.
  std::vector<FinishedReplacement> drop_replacements(Partition partition, Epoch epoch, Offset next);
  // The end of the program: what was summed up goes now.
  void close_accounts();

  // Nothing of the partition is with a producer, and every stored batch of it has its record in the topic.
  bool settled(Partition partition) const;
  // No offset waits for a record.
  bool empty() const { return commit_log_outbox_.size() == 0 && replacements_outbox_.size() == 0; }
  bool accounts_settled() const { return accounts_.empty() && accounts_outbox_.size() == 0; }
  std::optional<SteadyTime> next_deadline() const;
  // A topic that has taken nothing for some seconds, for a person; empty = none.
  std::string trouble(SteadyTime now) const;

 private:
  Outbox& outbox(SideTopicName topic);

  const SideOutputSettings settings_;
  StreamMetrics& metrics_;
  Log& log_;
  const std::string topic_;
  CommitLog commit_log_;
  Accounts accounts_;
  Outbox commit_log_outbox_;
  Outbox replacements_outbox_;
  Outbox accounts_outbox_;
  std::map<uint64_t, FinishedPart> parts_;  // by record id: waits for its record
  uint64_t next_part_ = 1;
  std::string last_error_;
};

}  // namespace freshet::stream
