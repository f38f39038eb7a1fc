// Positions and pauses of partitions, and the lookups for those without a valid offset.
#include <algorithm>
#include <utility>

#include "kafka/kafka_events.h"
#include "kafka/kafka_source.h"

namespace freshet::kafka {
namespace {

constexpr Duration kLookUpInterval = std::chrono::minutes(1);
constexpr Duration kRetryLookUp = std::chrono::seconds(1);  // after a lookup without an answer

}  // namespace

// A partition that had no valid offset before this consumer started is looked up at once: a consumer may live shorter
// than the interval between lookups.
PartitionCursor KafkaSource::cursor_at(const StartAt& start) const {
  using State = PartitionCursor::State;
  if (start.state == OffsetState::Valid) return PartitionCursor(start.next);
  const bool just_looked_up = std::find(announced_without_offset_.begin(), announced_without_offset_.end(),
                                        start.partition) != announced_without_offset_.end();
  const SteadyTime now = clock_.steady_now();
  return PartitionCursor(start.next, start.state == OffsetState::OutOfRange ? State::OutOfRange : State::OffsetMissing,
                         just_looked_up ? now + kLookUpInterval : now);
}

// A broker deletes a group's offsets together with the topic. The library would continue at its old position, which
// would skip the first messages of a recreated topic.
void KafkaSource::stop_until_topic_is_back() {
  for (auto& [partition, owned] : owned_) {
    if (owned.cursor.stopped()) continue;
    owned.cursor.stop(PartitionCursor::State::TopicGone, clock_.steady_now());
    owned.commits_before = commits_sent_;
    // A successor that took over now would continue at this position in the recreated topic.
    membership_.settled = false;
  }
}

bool KafkaSource::topic_is_gone() const {
  return std::any_of(owned_.begin(), owned_.end(),
                     [](const auto& one) { return one.second.cursor.state() == PartitionCursor::State::TopicGone; });
}

void KafkaSource::settle_if_topic_is_back() {
  if (!topic_is_gone() && !unsettled_since_) membership_.settled = true;
}

void KafkaSource::take_looked_up(const AssignedPartition& partition, std::vector<SourceEvent>& out) {
  using State = PartitionCursor::State;
  const auto found = owned_.find(partition.partition);
  if (found == owned_.end() || !found->second.cursor.stopped()) return;
  PartitionCursor& cursor = found->second.cursor;
  const State was = cursor.state();
  const bool same_topic = was == State::TopicGone && !partition.unknown_to_group;
  if (was == State::OutOfRange) log_out_of_range(partition, cursor.next());
  if (!same_topic && !partition.no_valid_offset.empty()) {
    const State now = was == State::TopicGone ? State::OffsetMissing : was;
    cursor.stop(now, clock_.steady_now() + kLookUpInterval);
    out.push_back(NoValidOffset{partition.partition,
                                now == State::OutOfRange ? OffsetState::OutOfRange : OffsetState::Missing,
                                partition.no_valid_offset});
    return;
  }
  const Offset start = same_topic ? cursor.next() : partition.start;
  if (!seek(partition.partition, start)) return;  // the consumer is broken, which was reported
  if (!same_topic) out.push_back(ValidOffset{partition.partition, start, partition.plan});
}

void KafkaSource::log_out_of_range(const AssignedPartition& partition, Offset was) {
  if (!partition.no_valid_offset.empty()) return;  // reported as the reason why the partition is blocked
  const int64_t gone = std::max<int64_t>(0, partition.start.value - was.value);
  metrics_.offsets_expired.add(static_cast<uint64_t>(gone));
  log_.emit(OffsetOutOfRange{settings_.topic, partition.partition, was, partition.start, gone});
}

// Why this partition is looked up.
StartLookUpFor KafkaSource::look_up_kind(const Owned& owned) {
  return owned.cursor.state() == PartitionCursor::State::OutOfRange ? StartLookUpFor::OutOfRange
                                                                    : StartLookUpFor::NoOffset;
}

bool KafkaSource::look_up_due(const Owned& owned, SteadyTime now) const {
  // A commit in flight could be stored after the lookup, or after the commit of the reset policy's offset.
  return owned.cursor.look_up_due(now) && commits_answered_ >= owned.commits_before;
}

// Starts with the partition whose lookup has been due longest, so that none waits for others that fail repeatedly. All
// partitions that are due for the same reason are looked up together, except those whose leader did not answer.
std::vector<Partition> KafkaSource::next_to_look_up(SteadyTime now) const {
  const std::pair<const Partition, Owned>* first = nullptr;
  for (const auto& one : owned_) {
    if (!look_up_due(one.second, now)) continue;
    if (first == nullptr || one.second.cursor.look_up_at() < first->second.cursor.look_up_at()) first = &one;
  }
  if (first == nullptr) return {};
  if (first->second.looked_up_alone) return {first->first};
  std::vector<Partition> together;
  for (const auto& [partition, owned] : owned_) {
    const bool fits = !owned.looked_up_alone && look_up_kind(owned) == look_up_kind(first->second);
    if (fits && look_up_due(owned, now)) together.push_back(partition);
  }
  return together;
}

void KafkaSource::look_up_missing_offsets() {
  // One lookup at a time: a second one would cancel the first, whose partitions would then wait a minute.
  if (assignment_waits_ || closing_ || owned_.empty() || start_look_up_.under_way()) return;
  const SteadyTime now = clock_.steady_now();
  std::vector<Partition> due = next_to_look_up(now);
  if (due.empty()) return;
  const StartLookUpFor kind = look_up_kind(owned_.at(due.front()));
  for (const Partition partition : due) owned_.at(partition).cursor.look_up_again_at(now + kLookUpInterval);
  start_look_up_.begin(std::move(due), kind);
}

void KafkaSource::put_off(const StartLookUp::Found& failed) {
  for (const Partition partition : failed.asked) {
    const auto found = owned_.find(partition);
    if (found == owned_.end()) continue;
    found->second.looked_up_alone = failed.leaders_failed;
    found->second.cursor.look_up_again_at(clock_.steady_now() + kRetryLookUp);
  }
}

// Reassigns the partition at the new position: rd_kafka_seek() has no effect on a partition that the library has
// stopped fetching, for example because its offset was out of range.
Status KafkaSource::seek(Partition partition, Offset next) {
  const auto found = owned_.find(partition);
  if (found == owned_.end()) return {};
  found->second.cursor.move(next);
  // The library would take an assignment for the answer to the waiting rebalance.
  if (revoking_ || assignment_waits_) return {};
  return tell_library(partition);
}

void KafkaSource::refetch(Partition partition) {
  const auto found = owned_.find(partition);
  if (found != owned_.end() && found->second.cursor.refetch()) apply_moves();
}

void KafkaSource::apply_moves() {
  if (revoking_ || assignment_waits_) return;
  for (auto& [partition, owned] : owned_) {
    if (owned.cursor.state() == PartitionCursor::State::Moving) (void)tell_library(partition);
  }
}

// Each partition continues at its next undelivered offset. The library keeps pauses across assignments, even of a
// partition that was not read when another one was moved; so running partitions are resumed.
Status KafkaSource::tell_library(Partition partition) {
  Positions all;
  std::vector<Partition> still;
  std::vector<Partition> running;
  for (const auto& [one, owned] : owned_) {
    all.emplace_back(one, owned.cursor.next());
    const bool stands = owned.paused || owned.cursor.stopped();
    if (stands) still.push_back(one);
    if (!stands && (one == partition || !assignment_.cooperative())) running.push_back(one);
  }
  const Status told = assignment_.move(partition, owned_.at(partition).cursor.next(), all);
  broken(told);
  if (!told) return told;
  if (assignment_.cooperative()) {
    owned_.at(partition).cursor.library_told();
  } else {
    for (auto& [one, owned] : owned_) owned.cursor.library_told();
  }
  rd_kafka_pause_partitions(client_.get(), list_of(still).get());
  rd_kafka_resume_partitions(client_.get(), list_of(running).get());
  return {};
}

Partitions KafkaSource::list_of(const std::vector<Partition>& partitions) const {
  Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition partition : partitions) {
    if (owned_.contains(partition)) {
      rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), partition.value);
    }
  }
  return list;
}

void KafkaSource::mark_paused(const std::vector<Partition>& partitions, bool paused) {
  for (const Partition partition : partitions) {
    if (const auto found = owned_.find(partition); found != owned_.end()) found->second.paused = paused;
  }
}

void KafkaSource::pause(const std::vector<Partition>& partitions) {
  mark_paused(partitions, true);
  rd_kafka_pause_partitions(client_.get(), list_of(partitions).get());
}

void KafkaSource::resume(const std::vector<Partition>& partitions) {
  mark_paused(partitions, false);
  rd_kafka_resume_partitions(client_.get(), list_of(partitions).get());
}

}  // namespace freshet::kafka
