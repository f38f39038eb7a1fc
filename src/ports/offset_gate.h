// Port for topics that are written beside the rows. Offsets are committed only once their records are in these topics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/rows.h"
#include "ports/record_producer.h"

namespace freshet {

// A record for the producer of topic number `topic`, counted from 0, of the gate.
struct GateRecord {
  size_t topic = 0;
  uint64_t ticket = 0;
  std::shared_ptr<const ProducerRecord> record;  // shared: its partition may be dropped in the same turn
};

// The stream reports batches and side records, passes the gate's records to the producers, and reports each result. The
// gate tells which offsets are finished. One gate outlives all consumers. Threads: the loop only.
class OffsetGate {
 public:
  // What the workers must collect. Read once.
  struct Needs {
    bool skipped_messages = false;  // batches cover messages without rows; ChunkStats has all origin times
    bool side_records = false;      // there is a topic for messages that become a SideRecord
  };
  // A part of a stored batch that waits for nothing more.
  struct FinishedPart {
    Partition partition;
    AssignmentId assignment;
    std::vector<uint64_t> chunks;  // by sequence number
  };
  // The side record of this offset is in its topic, or was dropped.
  struct FinishedRecord {
    Partition partition;
    AssignmentId assignment;
    Offset offset;
  };
  struct Finished {
    std::vector<FinishedPart> parts;
    std::vector<FinishedRecord> records;
    std::optional<FinishedRecord> rejected;  // the topic rejects it; it is retried
  };

  virtual ~OffsetGate() = default;
  virtual Needs needs() const = 0;

  virtual void sealed(const SealedBatch& batch) = 0;
  // Appends the parts that need nothing further to `finished`.
  virtual void stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime now, Finished& finished) = 0;
  virtual void add(Partition partition, AssignmentId assignment, const SideRecord& record, Charge charge) = 0;
  // Appends the records to send now, in order per topic.
  virtual void take_sendable(SteadyTime now, SystemTime wall, std::vector<GateRecord>& out) = 0;
  virtual void result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now, Finished& finished) = 0;

  // The partition is being revoked: its side records are held back; stored batches still get their records.
  virtual void stop_batching(Partition partition) = 0;
  // The partition is not owned now: records that no producer has wait for resume() or drop(). True if the producers
  // still have records of it.
  virtual bool suspend(Partition partition) = 0;
  virtual void resume(Partition partition) = 0;
  // The assignment ended. True if the producers may still have records of it, which nothing waits for.
  virtual bool drop(Partition partition, AssignmentId assignment) = 0;
  // The first side record of the partition that its topic does not have yet.
  virtual std::optional<Offset> first_record(Partition partition) const = 0;
  // The operator resumes at `next`: drops the side records below it. Drops none while the producer has some.
  virtual std::vector<FinishedRecord> drop_records(Partition partition, AssignmentId assignment, Offset next) = 0;
  // The stream is ending: sends records that no offset waits for.
  virtual void flush() = 0;

  // The producers have nothing of the partition, and every stored batch of it is finished.
  virtual bool settled(Partition partition) const = 0;
  // No offset waits for a record.
  virtual bool empty() const = 0;
  // flush() has nothing left to send.
  virtual bool flushed() const = 0;
  virtual std::optional<SteadyTime> next_deadline() const = 0;
  // Human-readable: a topic that has acknowledged nothing for some seconds; empty = none.
  virtual std::string not_ready_reason(SteadyTime now) const = 0;
};

}  // namespace freshet
