#include "stream/side_outputs.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr size_t kMaxOpenAccounts = 100'000;  // records; beyond, their topic has been away for very long

std::vector<uint64_t> sequences(const SealedBatch& batch, const Part& part) {
  std::vector<uint64_t> chunks;
  for (size_t c = part.begin; c < part.end; ++c) chunks.push_back(batch.chunks[c]->sequence);
  return chunks;
}

}  // namespace

const char* to_string(SideTopicName name) {
  switch (name) {
    case SideTopicName::CommitLog:
      return "commit_log";
    case SideTopicName::Replacements:
      return "replacements";
    case SideTopicName::Accounts:
      return "accounts";
  }
  return "";
}

SideOutputs::SideOutputs(const StreamSettings& settings, std::string cogs_resource, StreamMetrics& metrics, Log& log)
    : settings_(settings.skip_write ? SideOutputSettings{} : settings.side_outputs),
      metrics_(metrics),
      log_(log),
      topic_(settings.topic),
      commit_log_(settings.topic, settings.consumer_group),
      accounts_(std::move(cogs_resource)) {}

Outbox& SideOutputs::outbox(SideTopicName topic) {
  switch (topic) {
    case SideTopicName::CommitLog:
      return commit_log_outbox_;
    case SideTopicName::Replacements:
      return replacements_outbox_;
    case SideTopicName::Accounts:
      break;
  }
  return accounts_outbox_;
}

void SideOutputs::batch_sealed(const SealedBatch& batch) {
  if (settings_.commit_log) commit_log_.sealed(batch);
}

void SideOutputs::batch_stored(const std::shared_ptr<const SealedBatch>& batch, SystemTime now, Finished& finished) {
  if (settings_.cogs) {
    for (const auto& chunk : batch->chunks) accounts_.add(chunk->facts.cogs, now);
  }
  if (!settings_.commit_log) {
    for (const Part& part : batch->parts) {
      finished.parts.push_back({part.partition, part.epoch, sequences(*batch, part)});
    }
    return;
  }
  std::vector<CommitLog::Due> due;
  commit_log_.stored(batch, due);
  for (CommitLog::Due& one : due) {
    const uint64_t id = next_part_++;
    parts_.emplace(id, FinishedPart{one.partition, one.epoch, std::move(one.chunks)});
    commit_log_outbox_.add(one.partition, one.epoch, id, std::move(one.record));
  }
}

void SideOutputs::add_replacement(Partition partition, Epoch epoch, const Replacement& replacement, Charge charge) {
  replacements_outbox_.add(partition, epoch, static_cast<uint64_t>(replacement.offset.value),
                           {replacement.key, replacement.value}, std::move(charge));
}

void SideOutputs::take_sendable(SteadyTime now, SystemTime wall, std::vector<OutgoingRecord>& out) {
  if (accounts_.due(wall) && accounts_outbox_.size() < kMaxOpenAccounts) close_accounts();
  for (const SideTopicName topic : {SideTopicName::CommitLog, SideTopicName::Replacements, SideTopicName::Accounts}) {
    std::vector<Outbox::Outgoing> ready;
    outbox(topic).take_sendable(now, ready);
    for (Outbox::Outgoing& one : ready) out.push_back({topic, one.ticket, std::move(one.record)});
  }
}

void SideOutputs::result(SideTopicName topic, uint64_t ticket, const Status& status, SteadyTime now,
                         Finished& finished) {
  if (!status) {
    last_error_ = status.error().text;
    metrics_.side_records(to_string(topic), "failed").add();
    log_.warn("side_record_not_taken",
              {{"topic", topic_}, {"side_topic", to_string(topic)}, {"error", status.error().text}});
  }
  const bool refused = !status && status.error().kind == ErrorKind::Invalid && topic == SideTopicName::Replacements;
  if (refused) {
    if (const auto entry = replacements_outbox_.find(ticket)) {
      finished.refused = {entry->partition, entry->epoch, Offset{static_cast<int64_t>(entry->id)}};
    }
  }
  const auto acknowledged = outbox(topic).result(ticket, status, now);
  if (!acknowledged) return;
  metrics_.side_records(to_string(topic), "written").add();
  if (topic == SideTopicName::Replacements) {
    finished.replacements.push_back(
        {acknowledged->partition, acknowledged->epoch, Offset{static_cast<int64_t>(acknowledged->id)}});
  } else if (topic == SideTopicName::CommitLog) {
    auto part = parts_.extract(acknowledged->id);
    if (!part.empty()) finished.parts.push_back(std::move(part.mapped()));
  }
}

bool SideOutputs::suspend(Partition partition) {
  commit_log_outbox_.suspend(partition);
  replacements_outbox_.suspend(partition);
  return commit_log_outbox_.in_flight(partition) || replacements_outbox_.in_flight(partition);
}

void SideOutputs::go_on(Partition partition) {
  commit_log_outbox_.go_on(partition);
  replacements_outbox_.go_on(partition);
}

bool SideOutputs::forget(Partition partition, Epoch epoch) {
  commit_log_.forget(partition, epoch);
  std::erase_if(parts_,
                [&](const auto& entry) { return entry.second.partition == partition && entry.second.epoch == epoch; });
  const bool commit_log = commit_log_outbox_.forget(partition, epoch);
  return replacements_outbox_.forget(partition, epoch) || commit_log;
}

std::optional<Offset> SideOutputs::first_replacement(Partition partition) const {
  const auto id = replacements_outbox_.first(partition);
  return id ? std::optional(Offset{static_cast<int64_t>(*id)}) : std::nullopt;
}

std::vector<SideOutputs::FinishedReplacement> SideOutputs::drop_replacements(Partition partition, Epoch epoch,
                                                                             Offset next) {
  std::vector<FinishedReplacement> dropped;
  for (const uint64_t id : replacements_outbox_.drop_below(partition, static_cast<uint64_t>(next.value))) {
    dropped.push_back({partition, epoch, Offset{static_cast<int64_t>(id)}});
  }
  return dropped;
}

void SideOutputs::close_accounts() {
  for (SideRecord& record : accounts_.take()) accounts_outbox_.add({}, {}, 0, std::move(record));
}

bool SideOutputs::settled(Partition partition) const {
  return commit_log_outbox_.empty(partition) && !replacements_outbox_.in_flight(partition);
}

std::optional<SteadyTime> SideOutputs::next_deadline() const {
  std::optional<SteadyTime> next;
  for (const Outbox* outbox : {&commit_log_outbox_, &replacements_outbox_, &accounts_outbox_}) {
    const auto at = outbox->next_deadline();
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::string SideOutputs::trouble(SteadyTime now) const {
  const std::array<std::pair<const Outbox*, const char*>, 2> outboxes = {
      {{&commit_log_outbox_, "commit log"}, {&replacements_outbox_, "replacements topic"}}};
  for (const auto& [outbox, name] : outboxes) {
    const auto since = outbox->waiting_since();
    if (!since || now - *since < kPatience) continue;
    return fmt::format(
        "the {} has taken no record for {} s, and offsets wait for it: check that the topic exists and its "
        "brokers answer{}{}",
        name, std::chrono::duration_cast<std::chrono::seconds>(now - *since).count(), last_error_.empty() ? "" : "; ",
        last_error_);
  }
  return {};
}

}  // namespace freshet::stream
