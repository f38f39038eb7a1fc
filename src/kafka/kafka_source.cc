#include "kafka/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "kafka/events.h"
#include "kafka/start_positions.h"

namespace freshet::kafka {
namespace {

constexpr size_t kMaxMessagesPerPoll = 4096;
constexpr size_t kMaxChunkBytes = 1024 * 1024;
constexpr Duration kTryHeldAgain = std::chrono::minutes(1);
constexpr Duration kRepeatTrouble = std::chrono::minutes(1);
constexpr int kLeavePollMs = 5;
constexpr Duration kAskContinuityAgain = std::chrono::seconds(5);  // when the answer said nothing
// Beyond the time that the group itself may take to rebalance.
constexpr Duration kGroupMustAnswer = std::chrono::seconds(30);

Histogram& rebalance_seconds(Metrics& metrics, const char* step) {
  return metrics.histogram("freshet_rebalance_seconds",
                           "From the group's word to our answer: assign looks up the starts, revoke drains.",
                           latency_buckets(), {{"step", step}});
}

// As its metadata said; does not wait. An assignment comes after the first metadata.
std::string known_cluster_id(rd_kafka_t* client) {
  const LibraryText id(rd_kafka_clusterid(client, 0));
  return id ? std::string(id.get()) : std::string();
}

}  // namespace

KafkaSource::KafkaSource(const KafkaSettings& settings, std::string instance_id, Client client,
                         std::shared_ptr<GroupRequests> requests, const SessionContext& context)
    : settings_(settings),
      instance_id_(std::move(instance_id)),
      requests_(std::move(requests)),
      clock_(context.clock),
      log_(context.log),
      reaper_(context.reaper),
      identity_(context.identity),
      metrics_(context.metrics),
      partition_count_gauge_(
          context.metrics.gauge("freshet_topic_partitions", "Partitions of the topic.", {{"topic", settings.topic}})),
      assign_seconds_(rebalance_seconds(context.metrics, "assign")),
      revoke_seconds_(rebalance_seconds(context.metrics, "revoke")),
      statistics_(context.metrics, settings.topic),
      offsets_gone_(context.metrics.counter(
          "freshet_offsets_gone_total",
          "Offsets that the broker had deleted before they were read: the reset policy went on behind them.",
          {{"topic", settings.topic}})),
      client_(std::move(client)),
      assignment_(client_.get(), settings.topic),
      start_look_up_(client_.get(), settings_, clock_, [this] { wake(); }),
      continuity_check_(client_.get(), settings_.consumer_group, instance_id_, clock_, [this] { wake(); }) {
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  topic_.reset(rd_kafka_topic_new(client_.get(), settings_.topic.c_str(), nullptr));
  if (!instance_id_.empty()) membership_.continuity = identity_.continuity();
}

KafkaSource::~KafkaSource() {
  start_look_up_.end();  // both stop and join: they use the client
  continuity_check_.end();
  owned_.clear();
  topic_.reset();
  queue_.reset();
  reaper_.park(std::move(client_));
}

Status KafkaSource::subscribe() {
  const Partitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), settings_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  unsettle();
  const auto error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return failure(ErrorKind::Fatal, fmt::format("--topic {}: {}", settings_.topic, rd_kafka_err2str(error)), error);
}

// --- events ---------------------------------------------------------------------------------------------------------

void KafkaSource::poll(Duration timeout, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  begin_with_first_assignment(out);
  take_answers(out);
  check_continuity();
  try_held_again();
  check_unsettled(out);
  auto wait = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  if (!out.empty()) wait = 0;
  if (departure_) wait = std::min(wait, kLeavePollMs);
  for (size_t i = 0; i < kMaxMessagesPerPoll; ++i) {
    Event event(rd_kafka_queue_poll(queue_.get(), wait));
    if (!event) break;
    wait = 0;
    on_event(std::move(event), max_chunk_messages, out);
  }
  flush_chunks(out);
  if (departure_ && !revoking_) depart();
  if (closing_ && !departure_ && !closed_ && rd_kafka_consumer_closed(client_.get()) != 0) {
    closed_ = true;
    out.push_back(SessionClosed{});
  }
}

void KafkaSource::on_event(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  const auto type = rd_kafka_event_type(event.get());
  if (type == RD_KAFKA_EVENT_FETCH) return on_fetch(std::move(event), max_chunk_messages, out);
  flush_chunks(out);  // events stay in order
  if (type == RD_KAFKA_EVENT_REBALANCE) {
    on_rebalance(event.get(), out);
  } else if (type == RD_KAFKA_EVENT_OFFSET_COMMIT) {
    ++commits_answered_;
    out.push_back(to_commit_result(event.get()));
  } else if (type == RD_KAFKA_EVENT_ERROR) {
    on_error(event.get(), out);
  } else if (type == RD_KAFKA_EVENT_STATS) {
    statistics_at_ = clock_.steady_now();
    statistics_.update(rd_kafka_event_stats(event.get()), [this](Partition one) { return owned_.contains(one); });
    if (statistics_.leaders_connected()) recover(out);
  }
}

void KafkaSource::on_fetch(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  const rd_kafka_message_t* record = rd_kafka_event_message_next(event.get());
  if (record == nullptr) return;
  const Partition partition{record->partition};
  if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    flush_chunks(out);
    return on_partition_error(record->err, partition, record->offset, out);
  }
  const auto found = owned_.find(partition);
  if (found == owned_.end() || !found->second.cursor.take(Offset{record->offset})) return;
  Owned& owned = found->second;
  if (owned.unreadable) end_of_unreadable(partition, owned);
  Message message = to_message(std::move(event), record);
  if (owned.chunk.messages.empty()) {
    owned.chunk.partition = partition;
    owned.chunk.messages.reserve(std::min<size_t>(max_chunk_messages, 256));
    collecting_.push_back(partition);
  }
  owned.chunk.bytes += message.bytes();
  owned.chunk.messages.push_back(std::move(message));
  if (owned.chunk.messages.size() >= max_chunk_messages || owned.chunk.bytes >= kMaxChunkBytes) {
    flush(owned, out);
    std::erase(collecting_, partition);
  }
}

void KafkaSource::flush(Owned& owned, std::vector<SourceEvent>& out) { out.push_back(std::exchange(owned.chunk, {})); }

void KafkaSource::flush_chunks(std::vector<SourceEvent>& out) {
  for (const Partition partition : collecting_) {
    if (const auto found = owned_.find(partition); found != owned_.end()) flush(found->second, out);
  }
  collecting_.clear();
}

void KafkaSource::on_rebalance(rd_kafka_event_t* event, std::vector<SourceEvent>& out) {
  const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event);
  std::vector<Partition> partitions = to_partitions(list);
  unsettle();
  rebalance_since_ = clock_.steady_now();
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    membership_.generation = group_standing(client_.get()).generation;
    requests_->assigned = true;
    if (closing_) return broken(assignment_.assign({}));
    assignment_waits_ = true;
    if (partitions.empty()) return announce({}, false, out);
    return start_look_up_.begin(std::move(partitions), StartLookUpFor::Assignment);
  }
  // The library asks for the eager protocol's revoke with everything that is assigned. What it still waits for is
  // answered with it.
  if (!revoking_) revoking_.emplace();
  revoking_->insert(partitions.begin(), partitions.end());
  out.push_back(PartitionsRevoked{std::move(partitions), rd_kafka_assignment_lost(client_.get()) != 0});
}

void KafkaSource::answer_revoke() {
  if (!revoking_) return;
  revoke_seconds_.observe(std::chrono::duration<double>(clock_.steady_now() - rebalance_since_).count());
  const std::set<Partition> revoked = *std::exchange(revoking_, std::nullopt);
  for (const Partition partition : revoked) owned_.erase(partition);
  if (!assignment_.cooperative()) owned_.clear();
  broken(assignment_.unassign(revoked));
  apply_moves();
}

void KafkaSource::on_error(rd_kafka_event_t* event, std::vector<SourceEvent>& out) {
  const auto code = rd_kafka_event_error(event);
  if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF) count(code);
  const OnePartition partition(rd_kafka_event_topic_partition(event));
  if (partition && partition->partition >= 0 &&
      (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
       is_unreadable(code))) {
    return on_partition_error(code, Partition{partition->partition}, partition->offset, out);
  }
  if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event) != 0) return report_fatal(out);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    hold_until_topic_is_back();
  }
  report(to_error(event), out);
}

void KafkaSource::on_partition_error(rd_kafka_resp_err_t code, Partition partition, int64_t offset,
                                     std::vector<SourceEvent>& out) {
  const auto found = owned_.find(partition);
  if (found == owned_.end()) return;
  Owned& owned = found->second;
  if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (!owned.cursor.speaks_of_us()) return;
    if (owned.unreadable) end_of_unreadable(partition, owned);
    out.push_back(EndOfPartition{partition, Offset{offset}});
    return;
  }
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    if (!owned.cursor.speaks_of_us()) return;
    owned.cursor.block(PartitionCursor::State::OutOfRange, clock_.steady_now());
    owned.commits_before = commits_sent_;
    out.push_back(PartitionOutOfRange{partition});
    return;
  }
  if (is_unreadable(code)) return on_unreadable(to_error(code, rd_kafka_err2str(code)), partition, Offset{offset}, out);
  report(to_error(code, fmt::format("partition {}", partition.value)), out, partition.value);
}

// `batch`: where it begins. The library tells no more of it: whoever goes on inside meets it again, and steps on.
void KafkaSource::on_unreadable(const Error& error, Partition partition, Offset batch, std::vector<SourceEvent>& out) {
  Owned& owned = owned_.at(partition);
  if (!owned.cursor.speaks_of_us()) return;
  if (owned.unreadable == batch && batch < owned.cursor.next()) {
    (void)seek(partition, owned.cursor.next().next());
    return;
  }
  owned.unreadable = batch;
  owned.cursor.block(PartitionCursor::State::Unreadable, {});
  const auto limit = settings_.connection.extra.find("receive.message.max.bytes");
  out.push_back(PartitionUnreadable{
      partition, std::max(batch, owned.cursor.next()),
      fmt::format("the record batch at offset {} cannot be unpacked ({}): if it unpacks beyond "
                  "kafka.receive.message.max.bytes ({}), raise that and restart; or give all of the batch up with "
                  "POST /release and a later offset",
                  batch.value, error.text, limit != settings_.connection.extra.end() ? limit->second : "100000000")});
}

// What follows the batch that was given up is read.
void KafkaSource::end_of_unreadable(Partition partition, Owned& owned) {
  log_.warn("record_batch_skipped", {{"topic", settings_.topic},
                                     {"partition", partition.value},
                                     {"offset", owned.unreadable->value},
                                     {"goes_on_at", owned.cursor.next().value}});
  owned.unreadable.reset();
}

void KafkaSource::report_fatal(std::vector<SourceEvent>& out) {
  std::array<char, 512> text{};
  const auto cause = rd_kafka_fatal_error(client_.get(), text.data(), text.size());
  Error error = to_error(cause, text.data());
  error.kind = ErrorKind::Renew;
  const bool fenced = cause == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
  out.push_back(SourceFault{std::move(error), false, fenced});
}

// All of them; what is told of an error is less.
void KafkaSource::count(rd_kafka_resp_err_t code) {
  metrics_
      .counter("freshet_kafka_errors_total", "Errors of the Kafka consumer, by librdkafka's name.",
               {{"error", rd_kafka_err2name(code)}})
      .add();
}

void KafkaSource::report(const Error& error, std::vector<SourceEvent>& out, int32_t partition) {
  const SteadyTime now = clock_.steady_now();
  const auto found = reported_.find({error.code, partition});
  if (error.kind != ErrorKind::Renew && found != reported_.end() && now - found->second < kRepeatTrouble) return;
  reported_[{error.code, partition}] = now;
  out.push_back(SourceFault{error, rule_for(static_cast<rd_kafka_resp_err_t>(error.code)).renewal_may_help});
}

void KafkaSource::recover(std::vector<SourceEvent>& out) {
  const size_t troubles = std::erase_if(reported_, [](const auto& entry) {
    return is_about_connections(static_cast<rd_kafka_resp_err_t>(entry.first.first));
  });
  if (troubles > 0) out.push_back(SourceRecovered{});
}

// --- where partitions start -----------------------------------------------------------------------------------------

void KafkaSource::take_answers(std::vector<SourceEvent>& out) {
  if (broken_) report(*std::exchange(broken_, std::nullopt), out);
  for (StartLookUp::Answer& answer : start_look_up_.take()) {
    if (const auto* trouble = std::get_if<Error>(&answer)) {
      report(*trouble, out);
      continue;
    }
    auto& found = std::get<StartLookUp::Found>(answer);
    const bool assignment = found.asked_for == StartLookUpFor::Assignment;
    // A topic made anew may have fewer; the group counts them at each assignment.
    if (assignment) membership_.topic_partitions = 0;
    membership_.topic_partitions = std::max(membership_.topic_partitions, found.resolved.partition_count);
    partition_count_gauge_.set(membership_.topic_partitions);
    if (assignment) {
      if (assignment_waits_) announce(std::move(found.resolved.partitions), false, out);
    } else {
      for (const AssignedPartition& partition : found.resolved.partitions) go_on(partition, out);
      settle_if_topic_is_back();
    }
  }
}

void KafkaSource::announce(std::vector<AssignedPartition> partitions, bool continues, std::vector<SourceEvent>& out) {
  announced_held_.clear();
  for (const AssignedPartition& one : partitions) {
    if (!one.held.empty()) announced_held_.push_back(one.partition);
  }
  out.push_back(
      PartitionsAssigned{std::move(partitions), membership_.generation, continues, known_cluster_id(client_.get())});
}

void KafkaSource::answer_assign(const std::vector<StartAt>& starts) {
  if (!assignment_waits_) return;  // it closes
  assignment_waits_ = false;
  if (rebalance_since_ != SteadyTime()) {
    assign_seconds_.observe(std::chrono::duration<double>(clock_.steady_now() - rebalance_since_).count());
  }
  if (!assignment_.cooperative()) owned_.clear();
  Positions positions;
  std::vector<Partition> blocked;
  for (const StartAt& start : starts) {
    positions.emplace_back(start.partition, start.next);
    owned_.insert_or_assign(start.partition, Owned{cursor_at(start)});
    if (start.held != StartAt::Held::No) blocked.push_back(start.partition);
  }
  broken(assignment_.assign(positions));
  if (!blocked.empty()) pause(blocked);
  apply_moves();
  settle();
}

// What was blocked before this session is looked up at once: sessions may be shorter than the time between two
// look-ups.
PartitionCursor KafkaSource::cursor_at(const StartAt& start) const {
  using State = PartitionCursor::State;
  if (start.held == StartAt::Held::No) return PartitionCursor(start.next);
  const bool just_looked_up =
      std::find(announced_held_.begin(), announced_held_.end(), start.partition) != announced_held_.end();
  const SteadyTime now = clock_.steady_now();
  return PartitionCursor(start.next, start.held == StartAt::Held::OutOfRange ? State::OutOfRange : State::NoStart,
                         just_looked_up ? now + kTryHeldAgain : now);
}

// A broker forgets what a group has committed of a topic that is deleted. The library goes on where it was, which would
// leave out the first messages of a topic made anew.
void KafkaSource::hold_until_topic_is_back() {
  for (auto& [partition, owned] : owned_) {
    if (owned.cursor.blocked()) continue;
    owned.cursor.block(PartitionCursor::State::TopicGone, clock_.steady_now());
    owned.commits_before = commits_sent_;
    // A session that took over now would go on where this one was, in whatever the topic is by then.
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

void KafkaSource::go_on(const AssignedPartition& partition, std::vector<SourceEvent>& out) {
  using State = PartitionCursor::State;
  const auto found = owned_.find(partition.partition);
  if (found == owned_.end() || !found->second.cursor.blocked()) return;
  PartitionCursor& cursor = found->second.cursor;
  const State was = cursor.state();
  const bool same_topic = was == State::TopicGone && !partition.unknown_to_group;
  if (was == State::OutOfRange) say_out_of_range(partition, cursor.next());
  if (!same_topic && !partition.held.empty()) {
    cursor.block(was == State::TopicGone ? State::NoStart : was, clock_.steady_now() + kTryHeldAgain);
    out.push_back(PartitionStuck{partition.partition, partition.held});
    return;
  }
  const Offset start = same_topic ? cursor.next() : partition.start;
  if (!seek(partition.partition, start)) return;  // the session is broken, which is reported
  if (!same_topic) out.push_back(PartitionUnstuck{partition.partition, start});
}

void KafkaSource::say_out_of_range(const AssignedPartition& partition, Offset was) {
  if (!partition.held.empty()) return;  // shown as the reason why it is blocked
  const int64_t gone = std::max<int64_t>(0, partition.start.value - was.value);
  offsets_gone_.add(static_cast<uint64_t>(gone));
  log_.warn("offset_out_of_range", {{"topic", settings_.topic},
                                    {"partition", partition.partition.value},
                                    {"offset", was.value},
                                    {"goes_on_at", partition.start.value},
                                    {"offsets_gone", gone}});
}

// Whether a look-up of this kind is due.
bool KafkaSource::look_up_due(StartLookUpFor kind, const Owned& owned, SteadyTime now) const {
  const bool out_of_range = owned.cursor.state() == PartitionCursor::State::OutOfRange;
  if (out_of_range != (kind == StartLookUpFor::OutOfRange) || !owned.cursor.look_up_due(now)) return false;
  // A commit that is under way would arrive behind what is looked up, or behind what the reset policy commits.
  return commits_answered_ >= owned.commits_before;
}

void KafkaSource::try_held_again() {
  // One look-up after the other: a second would end the first, whose partitions would be held for long.
  if (assignment_waits_ || closing_ || owned_.empty() || start_look_up_.under_way()) return;
  const SteadyTime now = clock_.steady_now();
  for (const auto kind : {StartLookUpFor::OutOfRange, StartLookUpFor::Held}) {
    std::vector<Partition> due;
    for (auto& [partition, owned] : owned_) {
      if (!look_up_due(kind, owned, now)) continue;
      owned.cursor.look_up_again_at(now + kTryHeldAgain);
      due.push_back(partition);
    }
    if (due.empty()) continue;
    return start_look_up_.begin(std::move(due), kind);
  }
}

// The partition is assigned anew at its position: rd_kafka_seek() does nothing for one that the library has stopped
// fetching, as it does when an offset is out of range.
Status KafkaSource::seek(Partition partition, Offset next) {
  const auto found = owned_.find(partition);
  if (found == owned_.end()) return {};
  found->second.cursor.move(next);
  // The library would take an assignment for the answer to the rebalance that waits.
  if (revoking_ || assignment_waits_) return {};
  return tell_library(partition);
}

void KafkaSource::apply_moves() {
  if (revoking_ || assignment_waits_) return;
  for (auto& [partition, owned] : owned_) {
    if (owned.cursor.state() == PartitionCursor::State::Moving) (void)tell_library(partition);
  }
}

// Each partition goes on at its next undelivered offset. The library remembers a pause over an assignment, also that of
// a partition that was blocked when another one was moved: what is assigned and runs is resumed.
Status KafkaSource::tell_library(Partition partition) {
  Positions all;
  std::vector<Partition> still;
  std::vector<Partition> running;
  for (const auto& [one, owned] : owned_) {
    all.emplace_back(one, owned.cursor.next());
    const bool stands = owned.paused || owned.cursor.blocked();
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

// The library waits for an answer that it did not take, or reads elsewhere than we think.
void KafkaSource::broken(const Status& failed) {
  if (failed || broken_) return;
  log_.error("assignment_failed", {{"topic", settings_.topic}, {"error", failed.error().text}});
  broken_ = failed.error();
  wake();
}

// --- standing in the group -------------------------------------------------------------------------------------------

void KafkaSource::begin_with(std::vector<Partition> assigned, const Membership& old, int32_t topic_partitions) {
  std::sort(assigned.begin(), assigned.end());
  membership_.generation = group_standing(client_.get()).generation;
  membership_.topic_partitions = old.topic_partitions > 0 ? old.topic_partitions : topic_partitions;
  first_assignment_ =
      old.settled && old.generation >= 0 && membership_.generation == old.generation && assigned == old.partitions;
  membership_.partitions = std::move(assigned);
  assignment_waits_ = true;
  requests_->assigned = true;
  unsettle();
}

void KafkaSource::begin_with_first_assignment(std::vector<SourceEvent>& out) {
  if (!first_assignment_) return;
  const bool continues = *std::exchange(first_assignment_, std::nullopt);
  if (!continues && !membership_.partitions.empty())
    return start_look_up_.begin(membership_.partitions, StartLookUpFor::Assignment);
  std::vector<AssignedPartition> partitions;
  for (const Partition partition : membership_.partitions) partitions.push_back({partition, Offset{-1}, ""});
  announce(std::move(partitions), continues, out);
}

void KafkaSource::settle() {
  membership_.settled = true;
  membership_.partitions.clear();
  for (const auto& [partition, owned] : owned_) membership_.partitions.push_back(partition);
  unsettled_since_.reset();
}

void KafkaSource::unsettle() {
  membership_.settled = false;
  ++membership_number_;
  if (!unsettled_since_) unsettled_since_ = clock_.steady_now();
}

void KafkaSource::check_unsettled(std::vector<SourceEvent>& out) {
  if (closing_ || !unsettled_since_) return;
  const Duration waited = clock_.steady_now() - *unsettled_since_;
  if (waited < settings_.max_poll_interval + kGroupMustAnswer) return;
  unsettled_since_ = clock_.steady_now();
  out.push_back(SourceFault{{ErrorKind::Renew, RD_KAFKA_RESP_ERR__TIMED_OUT,
                             fmt::format("no assignment of partitions for {} s",
                                         std::chrono::duration_cast<std::chrono::seconds>(waited).count())}});
}

void KafkaSource::check_continuity() {
  if (instance_id_.empty()) return;
  if (const auto answer = continuity_check_.take()) {
    // Who has left, or is joining anew, is not shown by any broker.
    if (answer->known || answer->membership == membership_number_) identity_.broker_said(instance_id_, answer->known);
  }
  membership_.continuity = identity_.continuity();
  const bool member = membership_.settled && !closing_;
  if (member && membership_.continuity == Membership::Continuity::Unknown &&
      clock_.steady_now() >= ask_continuity_at_) {
    ask_continuity_at_ = clock_.steady_now() + kAskContinuityAgain;
    continuity_check_.begin(membership_number_);
  }
}

// --- calls ----------------------------------------------------------------------------------------------------------

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

Status KafkaSource::commit_async(const std::vector<OffsetToCommit>& offsets) {
  // One made anew would take the old one's offsets.
  if (topic_is_gone()) {
    Error gone = to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "committing offsets");
    gone.kind = ErrorKind::Invalid;
    return tl::make_unexpected(std::move(gone));
  }
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  const std::string own = commit_metadata(std::max(membership_.topic_partitions, 1));
  for (const OffsetToCommit& offset : offsets) {
    auto* one = rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), offset.partition.value);
    one->offset = offset.next.value;
    const std::string& metadata = offset.metadata.empty() ? own : offset.metadata;
    one->metadata = rd_kafka_mem_malloc(client_.get(), metadata.size());
    std::copy(metadata.begin(), metadata.end(), static_cast<char*>(one->metadata));
    one->metadata_size = metadata.size();
  }
  const auto error = rd_kafka_commit_queue(client_.get(), list.get(), queue_.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(to_error(error, "committing offsets"));
  ++commits_sent_;
  return {};
}

void KafkaSource::begin_close(Farewell farewell) {
  if (closing_) return;
  closing_ = true;
  ++membership_number_;
  start_look_up_.cancel();
  if (assignment_waits_) {  // the library waits for an answer before it leaves
    assignment_waits_ = false;
    broken(assignment_.assign({}));
  }
  const bool stays = farewell == Farewell::ForGood && identity_.configured();
  const bool leaves_itself = instance_id_.empty() || identity_.new_protocol();
  departure_.emplace(stays           ? Departure::Kind::Stays
                     : leaves_itself ? Departure::Kind::Dynamic
                                     : Departure::Kind::Static);
  depart();
}

void KafkaSource::depart() {
  const Departure::Facts facts{requests_->joins_sent, requests_->joins_answered,
                               !group_standing(client_.get()).member_id.empty(), requests_->assigned};
  switch (departure_->next(facts, clock_.steady_now())) {
    case Departure::Step::Wait:
      return;
    case Departure::Step::Unsubscribe:
      rd_kafka_unsubscribe(client_.get());
      return;
    case Departure::Step::Subscribe:
      broken(subscribe());
      return;
    case Departure::Step::Close:
      return close();
  }
}

void KafkaSource::close() {
  departure_.reset();
  const LibraryError error(rd_kafka_consumer_close_queue(client_.get(), queue_.get()));
  if (!error) return;
  // A fatal or fenced client never says that it is closed.
  log_.warn("close_failed", {{"error", rd_kafka_error_string(error.get())}});
  broken_ = Error{ErrorKind::Renew, rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get())};
  wake();
}

std::optional<Offset> KafkaSource::end_offset(Partition partition) const {
  int64_t low = 0;
  int64_t high = 0;
  const auto error =
      rd_kafka_get_watermark_offsets(client_.get(), settings_.topic.c_str(), partition.value, &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return Offset{high};
}

Result<std::unique_ptr<KafkaSource>> build_source(const KafkaSettings& settings, const SessionContext& context) {
  const std::string instance_id = context.identity.instance_id();
  auto conf = consumer_conf(settings, instance_id, context.log);
  if (!conf) return tl::make_unexpected(conf.error());
  auto requests = std::make_shared<GroupRequests>();
  count_group_requests(conf->get(), *requests);
  auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  client->get_deleter().requests = requests;
  return std::make_unique<KafkaSource>(settings, instance_id, *std::move(client), std::move(requests), context);
}

Result<std::unique_ptr<Source>> open_source(const KafkaSettings& settings, const SessionContext& context) {
  auto source = build_source(settings, context);
  if (!source) return tl::make_unexpected(source.error());
  if (const Status subscribed = (*source)->subscribe(); !subscribed) return tl::make_unexpected(subscribed.error());
  return *std::move(source);
}

}  // namespace freshet::kafka
