// How sessions begin and end, and what becomes of a partition's stream when it is taken away and given back.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/core.h"

namespace freshet::stream {

// --- sessions -------------------------------------------------------------------------------------------------------

void Core::begin_session(uint64_t number, SteadyTime now) {
  phase_ = Phase::Running;
  end_ = End::None;
  assigned_ = false;
  commit_outstanding_ = false;
  commits_held_ = false;
  batches_held_ = false;
  revoke_.reset();
  abandoned_at_.reset();
  first_message_.reset();
  reached_end_ = false;
  session_ = number;
  session_began_ = now;
  source_trouble_.clear();
}

void Core::hand_over(SteadyTime now) {
  end_ = End::Renewed;
  end_session(now);
}

void Core::leave(SteadyTime now, Actions& actions) {
  if (phase_ != Phase::Running) return;
  end_ = End::Renewed;
  phase_ = Phase::Closing;
  // A quarter of the time is for leaving the group.
  write_deadline_ = now + settings_.drain_timeout * 3 / 4;
  close_deadline_ = now + settings_.drain_timeout;
  actions.begin_close = Farewell::ToRejoin;
}

void Core::end_session(SteadyTime now) {
  if (stopping()) {
    while (!streams_.empty()) forget(streams_.begin()->second);
  } else {
    suspend_all(now + settings_.drain_timeout);
  }
  revoke_.reset();
  commit_outstanding_ = false;
  assigned_ = false;
  phase_ = Phase::Closed;
}

void Core::on_event(SourceFault& fault, SteadyTime now, Actions& actions) {
  remember_kafka_error(fault.error.text);
  if (fault.error.kind != ErrorKind::Renew) {
    source_trouble_ = fault.error.text;
    log_.warn("kafka_error", {{"topic", settings_.topic}, {"code", fault.error.code}, {"error", fault.error.text}});
    return;
  }
  log_.error("kafka_session_broken",
             {{"topic", settings_.topic}, {"code", fault.error.code}, {"error", fault.error.text}});
  if (phase_ == Phase::Closed) return;
  if (end_ == End::None) end_ = End::Broken;
  // Whoever took our place reads again what is not committed: nothing that is not yet under way is written any more.
  if (fault.fenced || stopping()) {
    actions.abandon_batches = true;
    while (!streams_.empty()) forget(streams_.begin()->second, &actions);
  }
  end_session(now);
}

void Core::on_event(SourceRecovered&, SteadyTime, Actions&) {
  if (source_trouble_.empty()) return;
  source_trouble_.clear();
  log_.info("kafka_works_again", {{"topic", settings_.topic}});
}

void Core::on_event(SessionClosed&, SteadyTime now, Actions&) {
  if (end_ == End::None) end_ = End::Broken;
  end_session(now);
}

// --- partitions come ------------------------------------------------------------------------------------------------

void Core::on_event(PartitionsAssigned& assigned, SteadyTime, Actions& actions) {
  bool changed = assigned.generation != generation_ || assigned.generation < 0;
  generation_ = assigned.generation;
  assigned_ = true;
  if (!assigned.cluster_id.empty()) batcher_.set_cluster_id(std::move(assigned.cluster_id));
  source_trouble_.clear();
  std::vector<StartAt> starts;
  size_t gone_on = 0;
  for (const AssignedPartition& partition : assigned.partitions) {
    PartitionStream* stream = find(partition.partition);
    if (stream != nullptr && goes_on(*stream, partition, assigned.continues)) {
      go_on(*stream, partition, assigned.continues);
      ++gone_on;
    } else {
      if (stream != nullptr) forget(*stream, &actions);
      changed = true;
      stream = &begin_stream(partition.partition, partition.start);
      if (assigned.continues) {
        // Its stream was given up meanwhile, and the source did not ask where it stands.
        stream->start_held = StartAt::Held::NoStart;
        hold(*stream, Hold::Source, "its offset is being looked up", actions);
      } else if (partition.held.empty()) {
        stream->commits.known(partition.start);  // also what the reset policy chose: see the contract of the source
      } else {
        stream->start_held = StartAt::Held::NoStart;
        hold(*stream, Hold::Source, partition.held, actions);
      }
    }
    starts.push_back({partition.partition, stream->position, stream->start_held});
    stream->paused = phase_ != Phase::Running || pushing_back_ || stream->held() || stream->reached_stop;
    // The client may remember a pause from before.
    (stream->paused ? actions.pause : actions.resume).push_back(partition.partition);
  }
  const size_t known = streams_.size();
  forget_suspended(actions);
  if (changed || streams_.size() != known) {
    ++totals_.rebalances;
    metrics_.rebalances.add();
  }
  actions.answer_assign = std::move(starts);
  log_.info("partitions_assigned", {{"topic", settings_.topic},
                                    {"partitions", assigned.partitions.size()},
                                    {"gone_on", gone_on},
                                    {"owned", streams_.size()},
                                    {"generation", generation_},
                                    {"session", session_}});
}

bool Core::goes_on(const PartitionStream& stream, const AssignedPartition& assigned, bool continues) const {
  if (!stream.suspended || assigned.unknown_to_group) return false;
  return continues || (assigned.held.empty() && stream.commits.not_overtaken(assigned.start, stream.committable()));
}

void Core::go_on(PartitionStream& stream, const AssignedPartition& assigned, bool continues) {
  stream.suspended = false;
  desk_.go_on(stream.partition);
  side_.go_on(stream.partition);
  // The next session's client meets it again, if it is still there.
  std::erase_if(stream.holds, [](const HoldCause& cause) { return cause.hold == Hold::Unreadable; });
  if (!continues) stream.commits.known(assigned.start);
  stream.commits.forget_sent();
  for (WaitingRows& rows : std::exchange(stream.parked, {})) batcher_.add(std::move(rows));
}

PartitionStream& Core::begin_stream(Partition partition, Offset start) {
  return streams_.try_emplace(partition, partition, Epoch{next_epoch_++}, start).first->second;
}

// --- partitions go --------------------------------------------------------------------------------------------------

void Core::on_event(PartitionsRevoked& revoked, SteadyTime now, Actions& actions) {
  log_.info("partitions_revoked",
            {{"topic", settings_.topic}, {"partitions", revoked.partitions.size()}, {"lost", revoked.lost}});
  if (revoke_) {  // the source answers both at once
    revoked.lost = revoked.lost || revoke_->lost;
    revoked.partitions.insert(revoked.partitions.end(), revoke_->partitions.begin(), revoke_->partitions.end());
  }
  for (const Partition partition : revoked.partitions) {
    PartitionStream* stream = find(partition);
    if (stream == nullptr) continue;
    stream->revoking = true;
    stop_filling(*stream);
  }
  revoke_ = Revoke{std::move(revoked.partitions), revoked.lost, now + settings_.drain_timeout};
  if (phase_ == Phase::Closing) revoke_->deadline = stopping() ? close_deadline_ : write_deadline_;
  advance_revoke(now, actions);
}

// What is not in a batch yet waits: the partition may come straight back.
void Core::stop_filling(PartitionStream& stream) {
  for (WaitingRows& rows : batcher_.take(stream.partition)) stream.parked.push_back(std::move(rows));
  desk_.suspend(stream.partition);
  side_.stop_filling(stream.partition);
}

bool Core::finished(const PartitionStream& stream) const {
  return stream.batches == 0 && !desk_.in_flight(stream.partition) && side_.settled(stream.partition);
}

void Core::advance_revoke(SteadyTime now, Actions& actions) {
  if (!revoke_) return;
  const bool late = now >= revoke_->deadline;
  if (!revoke_->lost && !late) {
    for (const Partition partition : revoke_->partitions) {
      const PartitionStream* stream = find(partition);
      if (stream == nullptr) continue;
      // Drained: nothing sealed is open, and the broker knows how far it got.
      if (!finished(*stream)) return;
      if (revoke_->void_commits.contains(partition)) continue;
      if (stream->wants_commit() || commit_outstanding_) return;
    }
  }
  if (late) log_.warn("revoke_drain_took_too_long", {{"topic", settings_.topic}});
  bool under_way = false;
  for (const Partition partition : revoke_->partitions) {
    PartitionStream* stream = find(partition);
    if (stream == nullptr) continue;
    if (stopping()) {
      forget(*stream, &actions);
      continue;
    }
    // Whoever gets the partition makes them anew; if it comes back here, they are sent again.
    if (side_.suspend(stream->partition)) actions.purge_records = true;
    stream->revoking = false;
    stream->suspended = true;
    under_way = under_way || !finished(*stream);
  }
  if (under_way) suspended_until_ = now + settings_.drain_timeout;
  revoke_.reset();
  actions.answer_revoke = true;
}

void Core::suspend_all(std::optional<SteadyTime> until) {
  bool under_way = false;
  for (auto& [partition, stream] : streams_) {
    if (stream.suspended) continue;
    stop_filling(stream);
    side_.suspend(partition);
    stream.revoking = false;
    stream.suspended = true;
    under_way = under_way || !finished(stream);
  }
  if (under_way) suspended_until_ = until;
}

void Core::forget_suspended(Actions& actions) {
  for (auto next = streams_.begin(); next != streams_.end();) {
    PartitionStream& stream = (next++)->second;
    if (stream.suspended) forget(stream, &actions);
  }
  suspended_until_.reset();
}

void Core::check_suspended(SteadyTime now, Actions& actions) {
  if (!suspended_until_ || now < *suspended_until_) return;
  // The next client takes the membership over: nobody else gets the partitions while it does.
  if (batches_held_ && phase_ == Phase::Running) {
    suspended_until_ = now + settings_.drain_timeout;
    return;
  }
  log_.warn("suspended_partitions_given_up", {{"topic", settings_.topic}, {"batches_in_flight", batches_.size()}});
  suspended_until_.reset();
  // What is finished costs nothing while it waits, and is not read again if its partition comes back.
  for (auto next = streams_.begin(); next != streams_.end();) {
    PartitionStream& stream = (next++)->second;
    if (stream.suspended && !finished(stream)) forget(stream, &actions);
  }
  if (streams_.empty()) actions.abandon_batches = true;
}

void Core::forget(PartitionStream& stream, Actions* actions) {
  const uint64_t open = stream.open_messages();
  totals_.abandoned += open;
  metrics_.abandoned.add(open);
  batcher_.take(stream.partition);
  desk_.forget(stream.partition, stream.epoch);
  const bool with_producer = side_.forget(stream.partition, stream.epoch);
  if (with_producer && actions != nullptr) actions->purge_records = true;
  metrics_.forget_lag(settings_.topic, stream.partition.value);
  streams_.erase(Partition{stream.partition});
  forgot_ = true;
}

// Otherwise they would be tried on, and keep a writer, for as long as ClickHouse is away or refuses them.
void Core::abandon_orphans(Actions& actions) {
  if (!std::exchange(forgot_, false)) return;
  const auto orphans =
      batches_.take_orphans([&](const Part& part) { return find(part.partition, part.epoch) != nullptr; });
  for (const uint64_t id : orphans) {
    if (batches_.blocked(id).empty()) {
      actions.abandon.push_back(id);
      continue;
    }
    give_up_blocked(id);
  }
  if (actions.abandon.empty()) return;
  log_.warn("batches_given_up", {{"topic", settings_.topic},
                                 {"batches", actions.abandon.size()},
                                 {"reason", "their partitions were lost, and are read again by who has them now"}});
}

// --- stop -----------------------------------------------------------------------------------------------------------

void Core::request_stop(SteadyTime now, Actions& actions) {
  if (phase_ == Phase::Running) begin_drain(End::Stopped, now, actions);
}

void Core::begin_drain(End end, SteadyTime now, Actions& actions) {
  end_ = end;
  phase_ = Phase::Draining;
  forget_suspended(actions);
  // A quarter of the time is for the last commit and for leaving the group.
  write_deadline_ = now + settings_.drain_timeout * 3 / 4;
  close_deadline_ = now + settings_.drain_timeout;
  for (auto& [partition, stream] : streams_) {
    if (!stream.paused) actions.pause.push_back(partition);
    stream.paused = true;
  }
  log_.info(
      "drain_began",
      {{"topic", settings_.topic}, {"batches_in_flight", batches_.active()}, {"in_flight_bytes", budget_->held()}});
  if (batches_.blocked_count() == 0) return;
  log_.error("blocked_batches_left", {{"topic", settings_.topic},
                                      {"batches", batches_.blocked_count()},
                                      {"advice",
                                       "they were not resolved before the stop: the next start reads and sends their "
                                       "rows again, and they may be stored twice"}});
}

void Core::advance_drain(SteadyTime now, Actions& actions) {
  if (now >= write_deadline_ && !abandoned_at_) {
    abandoned_at_ = now;
    if (batches_.active() > 0) {
      log_.error("batches_abandoned", {{"topic", settings_.topic},
                                       {"batches", batches_.active()},
                                       {"rows", batches_.rows()},
                                       {"advice", "they are read again by the next start"}});
      actions.abandon_batches = true;
    }
  }
  if (batches_.active() == 0 || abandoned_at_) side_.close_accounts();
  const bool all_done = side_.accounts_settled() && batches_.active() == 0 && batcher_.empty() &&
                        std::all_of(streams_.begin(), streams_.end(), [&](const auto& entry) {
                          return finished(entry.second) && !entry.second.wants_commit();
                        });
  if ((all_done && !commit_outstanding_) || now >= last_commit_deadline()) {
    phase_ = Phase::Closing;
    actions.begin_close = Farewell::ForGood;
  }
}

}  // namespace freshet::stream
