// Port for topics that are written beside the rows, where offsets are committed only once their records are there.
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

// A record for the producer of the gate's topic number `topic`, from 0.
struct GateRecord {
  size_t topic = 0;
  uint64_t ticket = 0;
  std::shared_ptr<const ProducerRecord> record;  // its partition may be dropped in the same turn
};

// The stream tells it of batches and side records, hands its records to the producers, and reports each result. The
// gate says which offsets are finished. One gate outlives all consumers. Threads: the loop only.
class OffsetGate {
 public:
  // What the workers have to hand on; read once.
  struct Needs {
    bool skipped_messages = false;  // messages without rows finish with their batch, and ChunkStats says their times
    bool side_records = false;      // there is a topic for messages that become a SideRecord
  };
  // A part of a stored batch that nothing is waited for any more.
  struct FinishedPart {
    Partition partition;
    AssignmentId assignment;
    std::vector<uint64_t> chunks;  // their sequence numbers
  };
  // The side record of this offset is in its topic, or was given up.
  struct FinishedRecord {
    Partition partition;
    AssignmentId assignment;
    Offset offset;
  };
  struct Finished {
    std::vector<FinishedPart> parts;
    std::vector<FinishedRecord> records;
    std::optional<FinishedRecord> rejected;  // its topic does not take it; it is sent again
  };

  virtual ~OffsetGate() = default;
  virtual Needs needs() const = 0;

  virtual void sealed(const SealedBatch& batch) = 0;
  // Appends what needs nothing further to `finished`.
  virtual void stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime now, Finished& finished) = 0;
  virtual void add(Partition partition, AssignmentId assignment, const SideRecord& record, Charge charge) = 0;
  // Records that may go now, each topic's in order.
  virtual void take_sendable(SteadyTime now, SystemTime wall, std::vector<GateRecord>& out) = 0;
  virtual void result(size_t topic, uint64_t ticket, const Status& status, SteadyTime now, Finished& finished) = 0;

  // The partition is being taken away: no further side record goes out; its stored batches still get their records.
  virtual void stop_batching(Partition partition) = 0;
  // The partition is not owned now: what no producer has waits for resume() or drop(). True when the producers still
  // have records of it.
  virtual bool suspend(Partition partition) = 0;
  virtual void resume(Partition partition) = 0;
  // The assignment is over. True when the producers may still have records of it that nobody waits for any more.
  virtual bool drop(Partition partition, AssignmentId assignment) = 0;
  // The first side record of the partition that its topic does not have yet.
  virtual std::optional<Offset> first_record(Partition partition) const = 0;
  // The operator goes on from `next`: side records below it are given up. None while the producer has some.
  virtual std::vector<FinishedRecord> drop_records(Partition partition, AssignmentId assignment, Offset next) = 0;
  // The end of the program: what no offset waits for goes out now.
  virtual void flush() = 0;

  // Nothing of the partition is with a producer, and every stored batch of it is finished.
  virtual bool settled(Partition partition) const = 0;
  // No offset waits for a record.
  virtual bool empty() const = 0;
  // flush() has nothing left.
  virtual bool flushed() const = 0;
  virtual std::optional<SteadyTime> next_deadline() const = 0;
  // A topic that has acknowledged nothing for some seconds, for a person; empty = none.
  virtual std::string not_ready_reason(SteadyTime now) const = 0;
};

}  // namespace freshet
