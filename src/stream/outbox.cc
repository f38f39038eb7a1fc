#include "stream/outbox.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

void Outbox::add(Partition partition, Epoch epoch, uint64_t id, SideRecord record, Charge charge) {
  const uint64_t ticket = next_ticket_;
  next_ticket_ += step_;
  lane_of_.emplace(ticket, partition);
  lanes_[partition].entries.push_back(
      {ticket, id, epoch, std::make_shared<const SideRecord>(std::move(record)), std::move(charge)});
}

void Outbox::take_sendable(SteadyTime now, std::vector<Outgoing>& out) {
  for (auto& [partition, lane] : lanes_) {
    if (suspended_.contains(partition)) continue;
    if (lane.retry_at) {
      // What the producer still has may yet be taken: a record that is sent again must not pass it.
      if (lane.in_flight > 0 || now < *lane.retry_at) continue;
      lane.retry_at.reset();
    }
    for (; lane.in_flight < lane.entries.size(); ++lane.in_flight) {
      Entry& entry = lane.entries[lane.in_flight];
      entry.in_flight = true;
      if (!entry.first_sent) entry.first_sent = now;
      out.push_back({entry.ticket, entry.record});
    }
  }
}

std::deque<Outbox::Entry>::iterator Outbox::entry_of(Lane& lane, uint64_t ticket) {
  return std::partition_point(lane.entries.begin(), lane.entries.end(),
                              [&](const Entry& entry) { return entry.ticket < ticket; });
}

std::optional<Outbox::Acknowledged> Outbox::result(uint64_t ticket, const Status& status, SteadyTime now) {
  const auto found = lane_of_.find(ticket);
  if (found == lane_of_.end()) return std::nullopt;
  const Partition partition = found->second;
  Lane& lane = lanes_.at(partition);
  const auto entry = entry_of(lane, ticket);
  --lane.in_flight;
  if (!status) {
    entry->in_flight = false;
    lane.retry_at = now + kRetry;
    return std::nullopt;
  }
  const Acknowledged acknowledged{partition, entry->epoch, entry->id};
  lane_of_.erase(found);
  lane.entries.erase(entry);
  if (lane.entries.empty()) lanes_.erase(partition);
  return acknowledged;
}

std::optional<Outbox::Acknowledged> Outbox::find(uint64_t ticket) {
  const auto found = lane_of_.find(ticket);
  if (found == lane_of_.end()) return std::nullopt;
  const auto entry = entry_of(lanes_.at(found->second), ticket);
  return Acknowledged{found->second, entry->epoch, entry->id};
}

bool Outbox::forget(Partition partition, Epoch epoch) {
  suspended_.erase(partition);
  const auto found = lanes_.find(partition);
  if (found == lanes_.end()) return false;
  Lane& lane = found->second;
  bool with_producer = false;
  std::erase_if(lane.entries, [&](const Entry& entry) {
    if (entry.epoch != epoch) return false;
    if (entry.in_flight) {
      --lane.in_flight;
      with_producer = true;
    }
    lane_of_.erase(entry.ticket);
    return true;
  });
  if (lane.entries.empty()) lanes_.erase(found);
  return with_producer;
}

std::vector<uint64_t> Outbox::drop_below(Partition partition, uint64_t limit) {
  std::vector<uint64_t> dropped;
  const auto found = lanes_.find(partition);
  if (found == lanes_.end() || found->second.in_flight > 0) return dropped;
  std::erase_if(found->second.entries, [&](const Entry& entry) {
    if (entry.id >= limit) return false;
    dropped.push_back(entry.id);
    lane_of_.erase(entry.ticket);
    return true;
  });
  if (found->second.entries.empty()) lanes_.erase(found);
  return dropped;
}

std::optional<uint64_t> Outbox::first(Partition partition) const {
  const auto found = lanes_.find(partition);
  return found != lanes_.end() ? std::optional(found->second.entries.front().id) : std::nullopt;
}

bool Outbox::empty(Partition partition) const { return !lanes_.contains(partition); }

bool Outbox::in_flight(Partition partition) const {
  const auto found = lanes_.find(partition);
  return found != lanes_.end() && found->second.in_flight > 0;
}

std::optional<SteadyTime> Outbox::next_deadline() const {
  std::optional<SteadyTime> next;
  for (const auto& [partition, lane] : lanes_) {
    if (suspended_.contains(partition) || !lane.retry_at || lane.in_flight > 0) continue;
    if (!next || *lane.retry_at < *next) next = lane.retry_at;
  }
  return next;
}

std::optional<SteadyTime> Outbox::waiting_since() const {
  std::optional<SteadyTime> since;
  for (const auto& [partition, lane] : lanes_) {
    const std::optional<SteadyTime> sent = lane.entries.front().first_sent;
    if (!suspended_.contains(partition) && sent && (!since || *sent < *since)) since = sent;
  }
  return since;
}

}  // namespace freshet::stream
