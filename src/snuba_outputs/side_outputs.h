// What Snuba's consumers write beside the rows, and which offsets wait for it: commit log, replacements, COGS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "delivery/delivery_queue.h"
#include "model/batch.h"
#include "ports/offset_gate.h"
#include "ports/record_producer.h"
#include "snuba_outputs/cogs_aggregator.h"
#include "snuba_outputs/commit_log.h"
#include "snuba_outputs/snuba_outputs_metrics.h"
#include "snuba_outputs/snuba_outputs_settings.h"

namespace freshet::snuba_outputs {

// Values of GateRecord::topic.
enum class SideTopicName : size_t { CommitLog, Replacements, Cogs };
const char* to_string(SideTopicName name);

// Offsets wait for the commit log and for replacements, but not for COGS.
class SideOutputs final : public OffsetGate {
 public:
  // `cogs_resource` is the resource to which the data set's bytes are attributed.
  SideOutputs(const SideOutputSettings& settings, std::string topic, const std::string& consumer_group,
              std::string cogs_resource, Metrics& metrics, Log& log);

  Needs needs() const override { return {settings_.commit_log, settings_.replacements}; }
  void sealed(const SealedBatch& batch) override;
  void stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime now, Finished& finished) override;
  void add(Partition partition, AssignmentId assignment, const SideRecord& record, Charge charge) override;
  void take_sendable(SteadyTime now, SystemTime wall, std::vector<GateRecord>& out) override;
  void result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now, Finished& finished) override;
  void stop_batching(Partition partition) override { replacements_.suspend(partition); }
  bool suspend(Partition partition) override;
  void resume(Partition partition) override;
  bool drop(Partition partition, AssignmentId assignment) override;
  std::optional<Offset> first_record(Partition partition) const override;
  std::vector<FinishedRecord> drop_records(Partition partition, AssignmentId assignment, Offset next) override;
  void flush() override;
  bool settled(Partition partition) const override;
  bool empty() const override { return commit_log_records_.empty() && replacements_.empty(); }
  bool flushed() const override { return cogs_.empty() && cogs_records_.empty(); }
  std::optional<SteadyTime> next_deadline() const override;
  std::string not_ready_reason(SteadyTime now) const override;

 private:
  struct Outgoing {
    std::shared_ptr<const ProducerRecord> record;
    std::vector<uint64_t> chunks{};  // commit log: the chunks that it finishes
  };
  using Queue = delivery::DeliveryQueue<Outgoing>;

  Queue& queue(SideTopicName topic);

  const SideOutputSettings settings_;
  const SnubaOutputsMetrics metrics_;
  Log& log_;
  const std::string topic_;
  CommitLog commit_log_;
  CogsAggregator cogs_;
  Queue commit_log_records_{delivery::Retry::InOrder};
  Queue replacements_{delivery::Retry::InOrder};
  Queue cogs_records_{delivery::Retry::InOrder};
  uint64_t next_id_ = 1;  // of records other than replacements
  std::string last_error_;
};

}  // namespace freshet::snuba_outputs
