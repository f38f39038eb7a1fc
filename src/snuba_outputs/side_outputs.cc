#include "snuba_outputs/side_outputs.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

#include "snuba_outputs/snuba_outputs_events.h"

namespace freshet::snuba_outputs {
namespace {

constexpr Duration kNotReadyAfter = std::chrono::seconds(5);
constexpr size_t kMaxCogsRecords = 100'000;  // at this size, sums stay in the aggregator until the topic is back

uint64_t id_of(Offset offset) { return static_cast<uint64_t>(offset.value); }
Offset offset_of(uint64_t id) { return Offset{static_cast<int64_t>(id)}; }

}  // namespace

const char* to_string(SideTopicName name) {
  switch (name) {
    case SideTopicName::CommitLog:
      return "commit_log";
    case SideTopicName::Replacements:
      return "replacements";
    case SideTopicName::Cogs:
      return "cogs";
  }
  return "";
}

SideOutputs::SideOutputs(const SideOutputSettings& settings, std::string topic, const std::string& consumer_group,
                         std::string cogs_resource, Metrics& metrics, Log& log)
    : settings_(settings),
      metrics_(metrics),
      log_(log),
      topic_(std::move(topic)),
      commit_log_(topic_, consumer_group),
      cogs_(std::move(cogs_resource)) {}

SideOutputs::Queue& SideOutputs::queue(SideTopicName topic) {
  switch (topic) {
    case SideTopicName::CommitLog:
      return commit_log_records_;
    case SideTopicName::Replacements:
      return replacements_;
    case SideTopicName::Cogs:
      break;
  }
  return cogs_records_;
}

void SideOutputs::sealed(const SealedBatch& batch) {
  if (settings_.commit_log) commit_log_.sealed(batch);
}

void SideOutputs::stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime now, Finished& finished) {
  if (settings_.cogs) {
    for (const auto& chunk : batch->chunks) cogs_.add(chunk->stats.usage, now);
  }
  if (!settings_.commit_log) {
    for (const BatchPart& part : batch->parts) {
      finished.parts.push_back({part.partition, part.assignment, sequences(*batch, part)});
    }
    return;
  }
  std::vector<CommitLog::Due> due;
  commit_log_.stored(*batch, due);
  for (CommitLog::Due& one : due) {
    auto record = std::make_shared<const ProducerRecord>(std::move(one.record));
    commit_log_records_.add({one.partition, one.assignment, next_id_++, {std::move(record), std::move(one.chunks)}});
  }
}

void SideOutputs::add(Partition partition, AssignmentId assignment, const SideRecord& replacement, Charge charge) {
  auto record = std::make_shared<const ProducerRecord>(ProducerRecord{replacement.key, replacement.value});
  replacements_.add({partition, assignment, id_of(replacement.offset), {std::move(record)}, std::move(charge)});
}

void SideOutputs::take_sendable(SteadyTime now, SystemTime wall, std::vector<GateRecord>& out) {
  if (cogs_.due(wall) && cogs_records_.size() < kMaxCogsRecords) flush();
  for (const SideTopicName topic : {SideTopicName::CommitLog, SideTopicName::Replacements, SideTopicName::Cogs}) {
    std::vector<Queue::Sendable> sendable;
    queue(topic).take_sendable(now, sendable);
    for (const Queue::Sendable& one : sendable) {
      out.push_back({static_cast<size_t>(topic), one.ticket, one.item->payload.record});
    }
  }
}

void SideOutputs::result(size_t number, uint64_t ticket, const Status& status, SteadyTime now, Finished& finished) {
  const auto topic = static_cast<SideTopicName>(number);
  Queue& records = queue(topic);
  if (!status) {
    last_error_ = status.error().text;
    metrics_.side_records(to_string(topic), "failed").add();
    log_.emit(SideRecordDeliveryFailed{topic_, to_string(topic), status.error().text});
    const auto* item = records.find(ticket);
    if (item != nullptr && topic == SideTopicName::Replacements && status.error().kind == ErrorKind::Invalid) {
      finished.rejected = {item->partition, item->assignment, offset_of(item->id)};
    }
    return records.failed(ticket, now);
  }
  auto done = records.acknowledged(ticket, now);
  if (!done) return;
  metrics_.side_records(to_string(topic), "success").add();
  if (topic == SideTopicName::Replacements) {
    finished.records.push_back({done->partition, done->assignment, offset_of(done->id)});
  } else if (topic == SideTopicName::CommitLog) {
    finished.parts.push_back({done->partition, done->assignment, std::move(done->payload.chunks)});
  }
}

bool SideOutputs::suspend(Partition partition) {
  commit_log_records_.suspend(partition);
  replacements_.suspend(partition);
  return commit_log_records_.in_flight(partition) || replacements_.in_flight(partition);
}

void SideOutputs::resume(Partition partition) {
  commit_log_records_.resume(partition);
  replacements_.resume(partition);
}

bool SideOutputs::drop(Partition partition, AssignmentId assignment) {
  commit_log_.drop(partition, assignment);
  const bool commit_log = commit_log_records_.drop(partition, assignment);
  return replacements_.drop(partition, assignment) || commit_log;
}

std::optional<Offset> SideOutputs::first_record(Partition partition) const {
  const auto* first = replacements_.first(partition);
  return first != nullptr ? std::optional(offset_of(first->id)) : std::nullopt;
}

std::vector<OffsetGate::FinishedRecord> SideOutputs::drop_records(Partition partition, AssignmentId assignment,
                                                                  Offset next) {
  std::vector<FinishedRecord> dropped;
  for (const uint64_t id : replacements_.drop_below(partition, id_of(next))) {
    dropped.push_back({partition, assignment, offset_of(id)});
  }
  return dropped;
}

void SideOutputs::flush() {
  for (ProducerRecord& record : cogs_.take()) {
    cogs_records_.add({{}, {}, next_id_++, {std::make_shared<const ProducerRecord>(std::move(record))}});
  }
}

bool SideOutputs::settled(Partition partition) const {
  return commit_log_records_.empty(partition) && !replacements_.in_flight(partition);
}

std::optional<SteadyTime> SideOutputs::next_deadline() const {
  std::optional<SteadyTime> next;
  for (const Queue* records : {&commit_log_records_, &replacements_, &cogs_records_}) {
    const auto at = records->next_deadline();
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::string SideOutputs::not_ready_reason(SteadyTime now) const {
  const std::array<std::pair<const Queue*, const char*>, 2> topics = {
      {{&commit_log_records_, "commit log"}, {&replacements_, "replacements topic"}}};
  for (const auto& [records, name] : topics) {
    const auto since = records->unanswered_since();
    if (!since || now - *since < kNotReadyAfter) continue;
    return fmt::format(
        "no write to the {} was acknowledged for {} s; commits are blocked: check that the topic exists and its "
        "brokers answer{}{}",
        name, std::chrono::duration_cast<std::chrono::seconds>(now - *since).count(), last_error_.empty() ? "" : "; ",
        last_error_);
  }
  return {};
}

}  // namespace freshet::snuba_outputs
