// The broker: its log, assignments, revokes and deliveries, and what consumers do to them.
#include "flow.h"

namespace freshet::flow {

void Flow::assign(std::vector<int32_t> partitions, bool same_generation) {
  cluster->consumers[this] = consumer_;
  PartitionsAssigned event;
  for (const int32_t p : partitions) {
    logged_this_time_[p] = 0;
    owned_.insert(p);
    paused_.erase(p);
    operator_decided.erase(p);
    event.partitions.push_back({Partition{p}, Offset{committed_[p]}, "", false, plans_[p]});
    std::erase(unreported_plans_, p);
  }
  my_generation_ = same_generation ? generation_ : ++generation_;
  event.generation = my_generation_;
  source(std::move(event));
}

void Flow::revoke(std::vector<int32_t> partitions, bool lost) {
  while (lost && commit(false)) {  // the broker rejects commits of a removed member
  }
  PartitionsRevoked event;
  for (const int32_t p : partitions) event.partitions.push_back(Partition{p});
  event.lost = lost;
  revoking_ = std::set<int32_t>(partitions.begin(), partitions.end());
  revoke_lost_ = lost;
  source(std::move(event));
}

void Flow::hand_over(bool commit_arrived) {
  if (commit_ && commit_arrived && !commit_taken_) cluster->take_commit(*commit_);
  commit_.reset();
  pipeline.hand_over(now);
  EXPECT_TRUE(pipeline.closed());
  EXPECT_EQ(pipeline.end(), End::Renewed);
  start_next_consumer();
  cluster->consumers[this] = consumer_;
  PartitionsAssigned event;
  for (const int32_t p : owned_) event.partitions.push_back({Partition{p}, Offset{-1}, ""});
  event.generation = my_generation_;
  event.continues = true;
  source(std::move(event));
  unreported_plans_.assign(owned_.begin(), owned_.end());
}

bool Flow::report_plans() {
  const std::vector<int32_t> partitions = std::exchange(unreported_plans_, {});
  if (settings_.delivery == Delivery::AtLeastOnce) return false;
  for (const int32_t p : partitions) {
    if (owned_.contains(p)) source(CommittedPlan{{Partition{p}, Offset{committed_[p]}, "", false, plans_[p]}});
  }
  return !partitions.empty();
}

void Flow::leave() {
  pipeline.leave(now, commands_);
  turn();
}

void Flow::hand_over_into_a_rebalance() {
  pipeline.hand_over(now);
  start_next_consumer();
  lose_everything();
}

void Flow::restart(const std::function<bool()>& arrives) {
  for (size_t i = 0; i < batches.size(); ++i) {
    if (model_ != nullptr) {
      cluster->late_inserts.push_back(late_insert(task_of(i)));
      if (arrives()) late_insert_arrives(cluster->late_inserts.size() - 1);
      continue;
    }
    if (const auto task = planned_task(i)) {
      const PlannedInsert insert = planned_insert(*task);
      if (arrives()) {
        store(insert);
      } else if (arrives()) {
        late_.push_back(insert);
      }
      continue;
    }
    if (!arrives()) continue;
    for (const auto& chunk : batches[i]->chunks) {
      for (const MessageRows& message : chunk->messages) {
        if (chunk->rows.compare(message.rows_begin, 7, "refused") != 0)
          table.insert({chunk->partition.value, message.offset.value});
      }
    }
  }
  for (const auto& [ticket, at] : dead_letters) {
    if (arrives()) dead.insert(at);
  }
  if (commit_ && commit_taken_) {
    commit_.reset();
  } else if (commit_ && model_ != nullptr) {
    cluster->late_commits.push_back({this, consumer_, my_generation_, *commit_});
    if (arrives()) cluster->late_commit_arrives(cluster->late_commits.size() - 1);
  } else if (commit_ && arrives()) {
    cluster->take_commit(*commit_);
  }
  batches.clear();
  again.clear();
  dead_letters.clear();
  records.clear();
  work_.clear();
  owned_.clear();
  commands_ = Commands();
  std::destroy_at(&pipeline);
  std::construct_at(&pipeline, settings_, options_, has_dead_letters_, gate(), metrics_, log_to_, now);
  pipeline.set_clocks(wall, now.time_since_epoch());
  start_next_consumer();
}

void Flow::breaks(bool fenced) {
  source(SourceFault{{ErrorKind::Renew, 1, "fatal"}, false, fenced});
  start_next_consumer();
  lose_everything();
}

void Flow::refetch(int32_t p) {
  pipeline.refetch({Partition{p}}, commands_);
  turn();
}

void Flow::set_options(const LiveOptions& options) {
  pipeline.set_options(options, now);
  turn();
}

void Flow::start_next_consumer() {
  pipeline.consumer_started(++consumer_, now);
  revoking_.clear();
  paused_.clear();
  commit_.reset();
  closing = false;
  unreported_plans_.clear();
}

void Flow::consumed_elsewhere(int32_t p, int64_t next, int64_t stored) {
  for (int64_t o = committed_[p]; o < stored; ++o) {
    const std::string& fate = log_[p][static_cast<size_t>(o)].fate;
    if (fate == "replace") {
      replaced.insert({p, o});
      last_replaced_[p] = std::max(last_replaced_[p], o);
    } else if (fate != "skip") {
      (fate == "row" ? table : dead).insert({p, o});
    }
  }
  committed_[p] = next;
  logged_[p] = std::max(logged_[p], next);
}

bool Flow::deliver(int32_t p, int64_t count) {
  if (!owned_.contains(p) || paused_.contains(p)) return false;
  Fetcher& fetcher = fetchers_[p];
  if (fetcher.library_at < 0 && fetcher.cursor.state() == Cursor::State::Delivering) {
    ADD_FAILURE() << "partition " << p << " is read from nowhere";
    return false;
  }
  if (fetcher.library_at < low_[p]) return fall_out_of_range(p, low_[p]);
  auto& log = log_[p];
  MessageChunk chunk;
  chunk.partition = Partition{p};
  int64_t& at = fetcher.library_at;
  for (; count > 0 && at < static_cast<int64_t>(log.size()); --count, ++at) {
    if (!fetcher.cursor.take(Offset{at})) continue;
    Message message(&memory_, nullptr, nullptr);
    message.offset = Offset{at};
    message.timestamp_ms = log[static_cast<size_t>(at)].timestamp_ms;
    message.payload = log[static_cast<size_t>(at)].fate;
    chunk.bytes += message.bytes();
    chunk.messages.push_back(std::move(message));
  }
  if (chunk.messages.empty()) return false;
  source(std::move(chunk));
  return true;
}

void Flow::stick(int32_t p) {
  fetchers_[p].cursor.stop(Cursor::State::OffsetMissing, now);
  source(NoValidOffset{Partition{p}, OffsetState::Missing, "no start"});
}

void Flow::unstick(int32_t p, int64_t next) {
  if (next < fetchers_[p].cursor.next().value) logged_this_time_[p] = 0;
  move(p, next);
  source(ValidOffset{Partition{p}, Offset{next}});
}

bool Flow::fall_out_of_range(int32_t p, int64_t low) {
  Fetcher& fetcher = fetchers_[p];
  low_[p] = std::max(low_[p], low);
  if (!fetcher.cursor.speaks_of_us() || fetcher.library_at >= low_[p]) return false;
  fetcher.cursor.stop(Cursor::State::OutOfRange, now);
  source(NoValidOffset{Partition{p}, OffsetState::OutOfRange, ""});
  return true;
}

bool Flow::reset_offset(int32_t p, int64_t start) {
  if (!owned_.contains(p) || fetchers_[p].cursor.state() != Cursor::State::OutOfRange || commit_) return false;
  low_[p] = std::max(low_[p], start);
  committed_[p] = low_[p];
  unstick(p, low_[p]);
  return true;
}

void Flow::end_of(int32_t p) {
  Fetcher& fetcher = fetchers_[p];
  const auto end = static_cast<int64_t>(log_[p].size());
  if (fetcher.cursor.speaks_of_us()) source(EndOfPartition{Partition{p}, Offset{end}});
}

void Flow::deliver_and_process(int32_t p, int64_t count) {
  deliver(p, count);
  work();
}

void Flow::source(SourceEvent event) {
  pipeline.on_source_event(std::move(event), now, commands_);
  if (!one_poll_) turn();
}

void Flow::move(int32_t p, int64_t next) {
  Fetcher& fetcher = fetchers_[p];
  fetcher.cursor.move(Offset{next});
  if (revoking_.empty()) tell_library(fetcher);
}

void Flow::tell_library(Fetcher& fetcher) {
  if (fetcher.cursor.state() != Cursor::State::Moving) return;
  fetcher.library_at = fetcher.cursor.next().value;
  fetcher.cursor.library_told();
}

void Flow::begin_fetching(const StartAt& start) {
  const auto state = start.state == OffsetState::Valid     ? Cursor::State::Delivering
                     : start.state == OffsetState::Missing ? Cursor::State::OffsetMissing
                                                           : Cursor::State::OutOfRange;
  fetchers_[start.partition.value] = {Cursor(start.next, state), start.next.value};
}

}  // namespace freshet::flow
