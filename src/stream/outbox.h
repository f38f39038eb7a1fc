// Records on their way to one side topic, in the order in which they must stand there.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"
#include "ports/side_topic.h"

namespace freshet::stream {

// A lane per consumed partition: within it no record goes before an earlier one was taken by the topic, also when the
// producer gave some of them back. Lanes do not wait for each other. Threads: the loop only. Bounded by the byte
// budget: a record stays charged until it is acknowledged.
class Outbox {
 public:
  struct Outgoing {
    uint64_t ticket = 0;
    std::shared_ptr<const SideRecord> record;  // its lane may be forgotten in the same step
  };
  struct Acknowledged {
    Partition partition;
    Epoch epoch;
    uint64_t id = 0;  // as given to add()
  };

  // `first_ticket` and `step`: the tickets of several outboxes that share a way back must differ.
  explicit Outbox(uint64_t first_ticket = 1, uint64_t step = 1) : next_ticket_(first_ticket), step_(step) {}

  void add(Partition partition, Epoch epoch, uint64_t id, SideRecord record, Charge charge = {});
  void take_sendable(SteadyTime now, std::vector<Outgoing>& out);
  // Anything but a success: the lane waits a second and then sends again from the first that is missing. Empty also
  // when the lane was forgotten.
  std::optional<Acknowledged> result(uint64_t ticket, const Status& status, SteadyTime now);
  // Which record that is; empty when its lane was forgotten.
  std::optional<Acknowledged> find(uint64_t ticket);
  // Of a suspended lane nothing is sent until go_on().
  void suspend(Partition partition) { suspended_.insert(partition); }
  void go_on(Partition partition) { suspended_.erase(partition); }
  // The epoch is over: its records will be made anew when the messages are read again. True when the producer still has
  // some of them.
  bool forget(Partition partition, Epoch epoch);

  // The ids below `limit` that wait in the lane and are given up now; none while the producer has some of the lane.
  std::vector<uint64_t> drop_below(Partition partition, uint64_t limit);

  std::optional<uint64_t> first(Partition partition) const;  // id of the first that is not acknowledged
  bool empty(Partition partition) const;                     // nothing waits and nothing is with the producer
  bool in_flight(Partition partition) const;                 // the producer has some
  size_t size() const { return lane_of_.size(); }
  std::optional<SteadyTime> next_deadline() const;
  // When the oldest record that is not acknowledged was sent first.
  std::optional<SteadyTime> waiting_since() const;

 private:
  struct Entry {
    uint64_t ticket;
    uint64_t id;
    Epoch epoch;
    std::shared_ptr<const SideRecord> record;
    Charge charge{};
    bool in_flight = false;
    std::optional<SteadyTime> first_sent{};
  };
  struct Lane {
    std::deque<Entry> entries;  // by ticket, ascending
    size_t in_flight = 0;       // the first ones, unless the lane waits for its retry
    std::optional<SteadyTime> retry_at;
  };
  static std::deque<Entry>::iterator entry_of(Lane& lane, uint64_t ticket);

  std::map<Partition, Lane> lanes_;
  std::set<Partition> suspended_;
  std::unordered_map<uint64_t, Partition> lane_of_;  // by ticket
  uint64_t next_ticket_;
  const uint64_t step_;
};

}  // namespace freshet::stream
