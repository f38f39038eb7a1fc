// The OffsetGate of a stream that writes nothing beside the rows: a stored batch is finished.
#pragma once

#include "ports/offset_gate.h"

namespace freshet::stream {

class NullOffsetGate final : public OffsetGate {
 public:
  Needs needs() const override { return {}; }
  void sealed(const SealedBatch&) override {}
  void stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime, Finished& finished) override {
    for (const BatchPart& part : batch->parts) {
      finished.parts.push_back({part.partition, part.assignment, sequences(*batch, part)});
    }
  }
  void add(Partition, AssignmentId, const SideRecord&, Charge) override {}
  void take_sendable(SteadyTime, SystemTime, std::vector<GateRecord>&) override {}
  void result(size_t, uint64_t, const Status&, SteadyTime, Finished&) override {}
  void stop_batching(Partition) override {}
  bool suspend(Partition) override { return false; }
  void resume(Partition) override {}
  bool drop(Partition, AssignmentId) override { return false; }
  std::optional<Offset> first_record(Partition) const override { return std::nullopt; }
  std::vector<FinishedRecord> drop_records(Partition, AssignmentId, Offset) override { return {}; }
  void flush() override {}
  bool settled(Partition) const override { return true; }
  bool empty() const override { return true; }
  bool flushed() const override { return true; }
  std::optional<SteadyTime> next_deadline() const override { return std::nullopt; }
  std::string not_ready_reason(SteadyTime) const override { return {}; }
};

}  // namespace freshet::stream
