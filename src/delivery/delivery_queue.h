// Queues records for a topic until the topic has acknowledged them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "model/ids.h"

namespace freshet::delivery {

constexpr Duration kRetryDelay = std::chrono::seconds(1);

enum class Retry {
  // Each lane is an ordered sequence. After a failure it waits until the producer has none of its records, and then
  // resends from the first missing one. Lanes do not wait for each other.
  InOrder,
  // Records are independent of each other.
  Each,
};

// One lane per consumed partition. The owner passes what take_sendable() returns to its producer and reports each
// result once. A record stays here until it is acknowledged or dropped. Threads: one at a time. Memory is bounded by
// the byte budget, to which a record is charged while it is here.
template <typename Payload>
class DeliveryQueue {
 public:
  struct Item {
    Partition partition;  // selects the lane
    AssignmentId assignment;
    uint64_t id = 0;  // of the owner; ascends within a lane
    Payload payload;
    Charge charge{};
  };
  struct Sendable {
    uint64_t ticket = 0;
    const Item* item = nullptr;  // valid until the next call to the queue
  };

  struct Rejection {
    uint64_t id = 0;
    std::string reason;  // as passed to rejected()
  };

  // At most `max_in_flight` records are with the producer.
  explicit DeliveryQueue(Retry retry, size_t max_in_flight = SIZE_MAX) : retry_(retry), max_in_flight_(max_in_flight) {}

  void add(Item item) {
    const uint64_t ticket = next_ticket_++;
    const Partition partition = item.partition;
    lane_of_.emplace(ticket, partition);
    lanes_[partition].slots.emplace(ticket, Slot{std::move(item)});
    wait_behind_others(partition, ticket);
  }

  // Appends the records to send now: retries first, then others while `admit()` is true. False if `admit()` returned
  // false.
  template <typename Admit>
  bool take_sendable(SteadyTime now, std::vector<Sendable>& out, Admit admit) {
    begin_retries(now, out);
    if (!any_on_its_way()) unanswered_since_.reset();
    while (!ready_.empty() && in_flight_ < max_in_flight_) {
      if (!admit()) return false;
      const auto [place, partition] = *ready_.begin();
      Lane& lane = lanes_.at(partition);
      const uint64_t ticket = lane.waiting.begin()->second;
      lane.waiting.erase(lane.waiting.begin());
      update_ready(partition, lane);
      send(ticket, lane, now, out);
    }
    return true;
  }
  void take_sendable(SteadyTime now, std::vector<Sendable>& out) {
    take_sendable(now, out, [] { return true; });
  }

  // The record with this ticket; null if it was dropped.
  const Item* find(uint64_t ticket) const {
    const auto found = lane_of_.find(ticket);
    return found == lane_of_.end() ? nullptr : &lanes_.at(found->second).slots.at(ticket).item;
  }
  // The topic has the record. Returns it; nullopt if it was dropped.
  std::optional<Item> acknowledged(uint64_t ticket, SteadyTime now) {
    const auto found = lane_of_.find(ticket);
    if (found == lane_of_.end()) return std::nullopt;
    const Partition partition = found->second;
    Lane& lane = lanes_.at(partition);
    came_back(lane, lane.slots.at(ticket));
    answered(now);
    std::optional<Item> item(std::move(lane.slots.at(ticket).item));
    lane.slots.erase(ticket);
    lane_of_.erase(found);
    remove_if_empty(partition);
    return item;
  }
  // Resends the record after kRetryDelay.
  void failed(uint64_t ticket, SteadyTime now) {
    const auto found = lane_of_.find(ticket);
    if (found == lane_of_.end()) return;
    const Partition partition = found->second;
    Lane& lane = lanes_.at(partition);
    came_back(lane, lane.slots.at(ticket));
    if (retry_ == Retry::Each) {
      retries_.emplace(now + kRetryDelay, ticket);
      return;
    }
    lane.waiting.emplace(ticket, ticket);
    lane.retry_at = now + kRetryDelay;
    update_ready(partition, lane);
  }
  // The topic rejects the record. It stays here until drop_rejected() or drop(); other records do not wait for it.
  void rejected(uint64_t ticket, std::string reason, SteadyTime now) {
    const auto found = lane_of_.find(ticket);
    if (found == lane_of_.end()) return;
    Lane& lane = lanes_.at(found->second);
    Slot& slot = lane.slots.at(ticket);
    came_back(lane, slot);
    answered(now);
    lane.rejected.insert_or_assign(slot.item.id, Rejected{ticket, std::move(reason)});
  }

  // The partition is not owned now: sends nothing of its lane until resume() or drop().
  void suspend(Partition partition) {
    suspended_.insert(partition);
    if (const auto found = lanes_.find(partition); found != lanes_.end()) update_ready(partition, found->second);
  }
  void resume(Partition partition) {
    suspended_.erase(partition);
    const auto found = lanes_.find(partition);
    if (found == lanes_.end()) return;
    Lane& lane = found->second;
    if (retry_ == Retry::Each) {
      for (const auto& [place, ticket] : std::exchange(lane.waiting, {})) lane.waiting.emplace(next_place_++, ticket);
    }
    update_ready(partition, lane);
  }
  // The assignment ended: drops its records, which are created again when its messages are read again. True if the
  // producer still has some of them.
  bool drop(Partition partition, AssignmentId assignment) {
    suspended_.erase(partition);
    bool with_producer = false;
    erase_if(partition, [&](const Slot& slot) {
      if (slot.item.assignment != assignment) return false;
      with_producer = with_producer || slot.in_flight;
      return true;
    });
    return with_producer;
  }
  // Drops the lane's rejected records with an id below `limit`. Returns their ids.
  std::vector<uint64_t> drop_rejected(Partition partition, uint64_t limit) {
    std::vector<uint64_t> dropped;
    const auto found = lanes_.find(partition);
    if (found == lanes_.end()) return dropped;
    Lane& lane = found->second;
    while (!lane.rejected.empty() && lane.rejected.begin()->first < limit) {
      dropped.push_back(lane.rejected.begin()->first);
      remove_slot(lane, lane.rejected.begin()->second.ticket);
      lane.rejected.erase(lane.rejected.begin());
    }
    remove_if_empty(partition);
    return dropped;
  }
  // Drops the lane's records with an id below `limit`. Returns their ids. Drops none while the producer has a record of
  // the lane.
  std::vector<uint64_t> drop_below(Partition partition, uint64_t limit) {
    std::vector<uint64_t> dropped;
    if (in_flight(partition)) return dropped;
    erase_if(partition, [&](const Slot& slot) {
      if (slot.item.id >= limit) return false;
      dropped.push_back(slot.item.id);
      return true;
    });
    return dropped;
  }

  size_t size() const { return lane_of_.size(); }
  bool empty() const { return lane_of_.empty(); }
  bool empty(Partition partition) const { return !lanes_.contains(partition); }
  // The producer has a record of the lane.
  bool in_flight(Partition partition) const {
    const auto found = lanes_.find(partition);
    return found != lanes_.end() && found->second.in_flight > 0;
  }
  // The oldest record of the lane; null if it has none.
  const Item* first(Partition partition) const {
    const auto found = lanes_.find(partition);
    return found == lanes_.end() ? nullptr : &found->second.slots.begin()->second.item;
  }
  // The rejected record of the lane with the lowest id.
  std::optional<Rejection> first_rejection(Partition partition) const {
    const auto found = lanes_.find(partition);
    if (found == lanes_.end() || found->second.rejected.empty()) return std::nullopt;
    const auto& [id, rejected] = *found->second.rejected.begin();
    return Rejection{id, rejected.reason};
  }
  // The next record of each lane that is ready to send.
  std::vector<const Item*> waiting_lanes() const {
    std::vector<const Item*> items;
    for (const auto& [partition, lane] : lanes_) {
      if (lane.ready_at) items.push_back(&lane.slots.at(lane.waiting.begin()->second).item);
    }
    return items;
  }
  // When take_sendable() may have a retry to send.
  std::optional<SteadyTime> next_deadline() const {
    if (retry_ == Retry::Each) {
      if (retries_.empty() || in_flight_ >= max_in_flight_) return std::nullopt;
      return retries_.begin()->first;
    }
    std::optional<SteadyTime> next;
    for (const auto& [partition, lane] : lanes_) {
      if (suspended_.contains(partition) || !lane.retry_at || lane.in_flight > 0) continue;
      if (!next || *lane.retry_at < *next) next = lane.retry_at;
    }
    return next;
  }
  // How long the topic has not answered: with InOrder, since the first attempt of the oldest missing record; with Each,
  // since its last answer. nullopt if nothing is unanswered.
  std::optional<SteadyTime> unanswered_since() const {
    if (retry_ == Retry::Each) return any_on_its_way() ? unanswered_since_ : std::nullopt;
    std::optional<SteadyTime> since;
    for (const auto& [partition, lane] : lanes_) {
      const std::optional<SteadyTime> sent = lane.slots.begin()->second.first_sent;
      if (!suspended_.contains(partition) && sent && (!since || *sent < *since)) since = sent;
    }
    return since;
  }

 private:
  struct Slot {
    Item item;
    bool in_flight = false;
    std::optional<SteadyTime> first_sent{};
  };
  struct Rejected {
    uint64_t ticket;
    std::string reason;
  };
  // Position among the waiting records: lane by lane for InOrder, in order of arrival for Each.
  using Place = std::pair<int32_t, uint64_t>;
  struct Lane {
    std::map<uint64_t, Slot> slots{};         // by ticket, ascending; never empty
    std::map<uint64_t, uint64_t> waiting{};   // tickets by their position in the lane
    std::map<uint64_t, Rejected> rejected{};  // by id
    size_t in_flight = 0;
    std::optional<SteadyTime> retry_at{};  // InOrder: nothing is sent before this time
    std::optional<Place> ready_at{};       // its key in ready_
  };

  bool any_on_its_way() const { return in_flight_ > 0 || !retries_.empty(); }
  void answered(SteadyTime now) { unanswered_since_ = any_on_its_way() ? std::optional(now) : std::nullopt; }

  void wait_behind_others(Partition partition, uint64_t ticket) {
    Lane& lane = lanes_.at(partition);
    lane.waiting.emplace(retry_ == Retry::InOrder ? ticket : next_place_++, ticket);
    update_ready(partition, lane);
  }

  void update_ready(Partition partition, Lane& lane) {
    if (lane.ready_at) ready_.erase(*lane.ready_at);
    lane.ready_at.reset();
    if (lane.waiting.empty() || lane.retry_at || suspended_.contains(partition)) return;
    lane.ready_at = Place{retry_ == Retry::InOrder ? partition.value : 0, lane.waiting.begin()->first};
    ready_.emplace(*lane.ready_at, partition);
  }

  void begin_retries(SteadyTime now, std::vector<Sendable>& out) {
    while (!retries_.empty() && retries_.begin()->first <= now && in_flight_ < max_in_flight_) {
      const uint64_t ticket = retries_.begin()->second;
      retries_.erase(retries_.begin());
      const auto found = lane_of_.find(ticket);
      if (found == lane_of_.end()) continue;
      if (suspended_.contains(found->second)) {
        wait_behind_others(found->second, ticket);
      } else {
        send(ticket, lanes_.at(found->second), now, out);
      }
    }
    if (retry_ == Retry::Each) return;
    for (auto& [partition, lane] : lanes_) {
      // The producer may still deliver records of the lane; a resent record must not overtake them.
      if (!lane.retry_at || lane.in_flight > 0 || now < *lane.retry_at || suspended_.contains(partition)) continue;
      lane.retry_at.reset();
      update_ready(partition, lane);
    }
  }

  void send(uint64_t ticket, Lane& lane, SteadyTime now, std::vector<Sendable>& out) {
    Slot& slot = lane.slots.at(ticket);
    slot.in_flight = true;
    if (!slot.first_sent) slot.first_sent = now;
    if (!unanswered_since_) unanswered_since_ = now;
    ++lane.in_flight;
    ++in_flight_;
    out.push_back({ticket, &slot.item});
  }
  void came_back(Lane& lane, Slot& slot) {
    if (!std::exchange(slot.in_flight, false)) return;
    --lane.in_flight;
    --in_flight_;
  }

  void remove_slot(Lane& lane, uint64_t ticket) {
    came_back(lane, lane.slots.at(ticket));
    lane.slots.erase(ticket);
    lane_of_.erase(ticket);
  }
  template <typename Condition>
  void erase_if(Partition partition, Condition condition) {
    const auto found = lanes_.find(partition);
    if (found == lanes_.end()) return;
    Lane& lane = found->second;
    std::set<uint64_t> gone;
    for (const auto& [ticket, slot] : lane.slots) {
      if (condition(slot)) gone.insert(ticket);
    }
    for (const uint64_t ticket : gone) remove_slot(lane, ticket);
    std::erase_if(lane.waiting, [&](const auto& entry) { return gone.contains(entry.second); });
    std::erase_if(lane.rejected, [&](const auto& entry) { return gone.contains(entry.second.ticket); });
    update_ready(partition, lane);
    remove_if_empty(partition);
  }
  void remove_if_empty(Partition partition) {
    const auto found = lanes_.find(partition);
    if (found == lanes_.end() || !found->second.slots.empty()) return;
    if (found->second.ready_at) ready_.erase(*found->second.ready_at);
    lanes_.erase(found);
  }

  const Retry retry_;
  const size_t max_in_flight_;
  std::map<Partition, Lane> lanes_;                  // without empty lanes
  std::unordered_map<uint64_t, Partition> lane_of_;  // by ticket
  std::map<Place, Partition> ready_;                 // lanes that may send, by their next record
  std::set<Partition> suspended_;
  std::multimap<SteadyTime, uint64_t> retries_;  // Each: tickets by the time of their retry
  size_t in_flight_ = 0;
  std::optional<SteadyTime> unanswered_since_;
  uint64_t next_ticket_ = 1;
  uint64_t next_place_ = 1;  // Each
};

}  // namespace freshet::delivery
