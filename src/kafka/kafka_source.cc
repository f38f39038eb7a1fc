#include "kafka/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "kafka/client_config.h"
#include "kafka/commit_metadata.h"
#include "kafka/error_table.h"
#include "kafka/forgotten_brokers.h"
#include "kafka/kafka_events.h"
#include "kafka/oauth_token.h"
#include "kafka/start_positions.h"

namespace freshet::kafka {
namespace {

constexpr size_t kMaxMessagesPerPoll = 4096;
constexpr size_t kMaxChunkBytes = 1024 * 1024;
constexpr size_t kPrefetchAhead = 8;      // messages
constexpr size_t kLibraryOverhead = 384;  // bytes that the library adds per message
constexpr int kLeavePollMs = 5;
constexpr Duration kRetryPlans = std::chrono::seconds(1);

// Reads the client's cached metadata without waiting; metadata always arrives before the first assignment.
std::string known_cluster_id(rd_kafka_t* client) {
  const LibraryText id(rd_kafka_clusterid(client, 0));
  return id ? std::string(id.get()) : std::string();
}

}  // namespace

KafkaSource::KafkaSource(const KafkaSettings& settings, std::string instance_id, Client client,
                         std::shared_ptr<GroupRequests> requests, const ConsumerContext& context)
    : settings_(settings),
      instance_id_(std::move(instance_id)),
      requests_(std::move(requests)),
      clock_(context.clock),
      log_(context.log),
      reaper_(context.reaper),
      identity_(context.identity),
      on_login_refused_(context.on_login_refused),
      metrics_(context.metrics, settings.topic),
      statistics_({context.metrics, settings.topic}),
      client_(std::move(client)),
      assignment_(client_.get(), settings.topic),
      start_look_up_(client_.get(), *requests_, settings_, clock_, [this] { wake(); }) {
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  urgent_.reset(rd_kafka_queue_new(client_.get()));
  rd_kafka_queue_forward(Queue(rd_kafka_queue_get_main(client_.get())).get(), urgent_.get());
  // Ends a poll that waits for messages.
  const auto wake_poll = [](rd_kafka_t*, void* queue) { rd_kafka_queue_yield(static_cast<rd_kafka_queue_t*>(queue)); };
  rd_kafka_queue_cb_event_enable(urgent_.get(), wake_poll, queue_.get());
  topic_.reset(rd_kafka_topic_new(client_.get(), settings_.topic.c_str(), nullptr));
  if (!instance_id_.empty()) membership_.continuity = identity_.continuity();
}

KafkaSource::~KafkaSource() {
  start_look_up_.end();  // stops and joins its thread, which uses the client
  owned_.clear();
  topic_.reset();
  rd_kafka_queue_cb_event_enable(urgent_.get(), nullptr, nullptr);
  rd_kafka_queue_forward(Queue(rd_kafka_queue_get_main(client_.get())).get(), nullptr);
  note_unread_errors(client_.get(), urgent_.get());
  urgent_.reset();
  queue_.reset();
  reaper_.add(std::move(client_));
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

void KafkaSource::wake() noexcept {
  rd_kafka_queue_yield(queue_.get());
  rd_kafka_queue_yield(urgent_.get());
}

void KafkaSource::poll(Duration timeout, const PollLimits& limits, std::vector<SourceEvent>& out) {
  begin_with_first_assignment(out);
  take_look_up_results(out);
  if (!instance_id_.empty()) membership_.continuity = identity_.continuity();
  look_up_plans();
  look_up_missing_offsets();
  check_unsettled(out);
  report_fatal(out);
  auto wait = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  if (!out.empty()) wait = 0;
  if (departure_) wait = std::min(wait, kLeavePollMs);
  // Takes at most one queue's worth per poll, because pauses apply only between polls.
  const PollLimits bounded{limits.chunk_messages, std::min(limits.bytes, fetch_queue_bytes(settings_.memory_limit))};
  while (Event urgent{rd_kafka_queue_poll(urgent_.get(), bounded.bytes > 0 ? 0 : wait)}) {
    wait = 0;
    on_event(std::move(urgent), limits.chunk_messages, out);
  }
  take_messages(wait, bounded, out);
  flush_chunks(out);
  if (departure_ && !revoking_) depart();
  if (closing_ && !departure_ && !closed_ && rd_kafka_consumer_closed(client_.get()) != 0) {
    closed_ = true;
    out.push_back(ConsumerClosed{});
  }
}

void KafkaSource::take_messages(int wait, const PollLimits& limits, std::vector<SourceEvent>& out) {
  taken_ = polled_bytes_ = 0;
  const bool batches = may_take_batches();
  while (taken_ < kMaxMessagesPerPoll && polled_bytes_ < limits.bytes) {
    Event event(rd_kafka_queue_poll(queue_.get(), wait));
    if (!event) return;
    wait = 0;
    ++taken_;
    on_event(std::move(event), limits.chunk_messages, out);
    if (batches && !take_batches(limits, out)) return;
  }
}

// Until another message as large as the largest might not fit. False: the queue was empty.
bool KafkaSource::take_batches(const PollLimits& limits, std::vector<SourceEvent>& out) {
  while (const size_t most = batch_within(limits)) {
    if (take_batch(most, limits.chunk_messages, out) < most) return false;
  }
  return true;
}

// While the consumer closes, the library has events for us that are not messages. And while the end of a batch that
// cannot be unpacked is searched for, a message may end in a seek, after which those behind it must not be delivered.
bool KafkaSource::may_take_batches() const {
  return batches_are_safe() && !closing_ &&
         std::none_of(owned_.begin(), owned_.end(), [](const auto& one) { return one.second.unreadable.has_value(); });
}

// How many messages fit into the limit if each is as large as the largest of those before them. Nobody knows their
// sizes before they are taken.
size_t KafkaSource::batch_within(const PollLimits& limits) const {
  if (largest_.bytes() == 0 || polled_bytes_ >= limits.bytes || taken_ >= kMaxMessagesPerPoll) return 0;
  return std::min<uint64_t>(MessageBatch::kMost, (limits.bytes - polled_bytes_) / largest_.bytes());
}

// Returns how many it took.
size_t KafkaSource::take_batch(size_t most, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  batch_.take(queue_.get(), most);
  const size_t count = batch_.messages().size();
  taken_ += count + batch_.rebalances().size();
  Owned* owned = nullptr;
  int32_t of = kNoPartition;
  for (size_t i = 0; i < count; ++i) {
    if (i + kPrefetchAhead < count) prefetch(*batch_.messages()[i + kPrefetchAhead]);
    FetchedMessage one = std::move(batch_.messages()[i]);
    const rd_kafka_message_t& record = *one;
    if (record.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Mostly those of a partition come one after the other.
      if (record.partition != of) owned = find_owned(record.partition);
      of = record.partition;
      if (owned != nullptr) on_message(*owned, std::move(one), record, max_chunk_messages, out);
    } else {
      flush_chunks(out);
      on_error(to_consumer_error(record), out);
    }
  }
  for (const Rebalance& rebalance : batch_.rebalances()) {
    flush_chunks(out);
    on_rebalance(rebalance.what, rebalance.partitions.get(), out);
  }
  return count;
}

KafkaSource::Owned* KafkaSource::find_owned(int32_t partition) {
  const auto found = owned_.find(Partition{partition});
  return found == owned_.end() ? nullptr : &found->second;
}

void KafkaSource::on_event(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  const auto type = rd_kafka_event_type(event.get());
  if (type == RD_KAFKA_EVENT_FETCH) return on_fetch(std::move(event), max_chunk_messages, out);
  flush_chunks(out);  // keeps the order of events
  if (type == RD_KAFKA_EVENT_REBALANCE) {
    on_rebalance(rd_kafka_event_error(event.get()), rd_kafka_event_topic_partition_list(event.get()), out);
  } else if (type == RD_KAFKA_EVENT_OFFSET_COMMIT) {
    on_commit_answered(event.get(), out);
  } else if (type == RD_KAFKA_EVENT_ERROR) {
    on_error(to_consumer_error(event.get()), out);
  } else if (type == RD_KAFKA_EVENT_STATS) {
    statistics_at_ = clock_.steady_now();
    statistics_.update(rd_kafka_event_stats(event.get()), [this](Partition one) { return owned_.contains(one); });
    recover(out);
    if (statistics_.brokers_forgotten()) add_bootstrap_servers(client_.get(), log_);
  }
}

void KafkaSource::on_commit_answered(rd_kafka_event_t* event, std::vector<SourceEvent>& out) {
  ++commits_answered_;
  CommitResult result = to_commit_result(event);
  const auto code = result.error ? std::optional(static_cast<rd_kafka_resp_err_t>(result.error->code)) : std::nullopt;
  if (!settings_.planned_commits || !commit_request_->may_arrive_later(code)) return out.push_back(std::move(result));
  const Error uncertain = uncertain_commit(code.value_or(RD_KAFKA_RESP_ERR_NO_ERROR));
  result.committed.clear();
  result.error = uncertain;
  out.push_back(std::move(result));
  out.push_back(SourceFault{uncertain});
}

void KafkaSource::on_fetch(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  const rd_kafka_message_t* record = rd_kafka_event_message_next(event.get());
  if (record == nullptr) return;
  if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    flush_chunks(out);
    return on_error(to_consumer_error(*record), out);
  }
  if (Owned* const owned = find_owned(record->partition)) {
    on_message(*owned, std::move(event), *record, max_chunk_messages, out);
  }
}

// `handle` owns `record`, a message of this partition.
template <typename Handle>
void KafkaSource::on_message(Owned& owned, Handle handle, const rd_kafka_message_t& record, size_t max_chunk_messages,
                             std::vector<SourceEvent>& out) {
  const Partition partition{record.partition};
  const Offset offset{record.offset};
  if (!owned.cursor.wants(offset) || (owned.unreadable && !is_beyond_unreadable(partition, owned))) return;
  owned.cursor.take(offset);
  MessageChunk& chunk = owned.chunk;
  if (chunk.messages.empty()) {
    chunk.partition = partition;
    chunk.messages.reserve(std::min<size_t>(max_chunk_messages, 256));
    collecting_.push_back(partition);
  }
  append_message(std::move(handle), record, chunk.messages);
  const size_t bytes = chunk.messages.back().bytes() + kLibraryOverhead;
  largest_.add(bytes);
  chunk.bytes += bytes;
  polled_bytes_ += bytes;
  if (chunk.messages.size() >= max_chunk_messages || chunk.bytes >= kMaxChunkBytes) {
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

void KafkaSource::on_rebalance(rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t* list,
                               std::vector<SourceEvent>& out) {
  std::vector<Partition> partitions = to_partitions(list);
  unsettle();
  rebalance_since_ = clock_.steady_now();
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    membership_.generation = group_standing(client_.get()).generation;
    requests_->note_assignment();
    if (closing_) return broken(assignment_.assign({}));
    assignment_waits_ = true;
    if (partitions.empty()) return announce({}, false, out);
    return start_look_up_.begin(std::move(partitions), StartLookUpFor::Assignment);
  }
  // Under the eager protocol the library revokes everything. A revoke also replaces an assignment that was not answered
  // yet.
  if (!revoking_) revoking_.emplace();
  revoking_->insert(partitions.begin(), partitions.end());
  out.push_back(PartitionsRevoked{std::move(partitions), rd_kafka_assignment_lost(client_.get()) != 0});
}

void KafkaSource::answer_revoke() {
  if (!revoking_) return;
  metrics_.revoke_seconds.observe(to_seconds(clock_.steady_now() - rebalance_since_));
  const std::set<Partition> revoked = *std::exchange(revoking_, std::nullopt);
  for (const Partition partition : revoked) owned_.erase(partition);
  if (!assignment_.cooperative()) owned_.clear();
  broken(assignment_.unassign(revoked));
  apply_moves();
}

// --- where partitions start -----------------------------------------------------------------------------------------

void KafkaSource::take_look_up_results(std::vector<SourceEvent>& out) {
  if (broken_) report(*std::exchange(broken_, std::nullopt), out);
  for (StartLookUp::LookUpResult& result : start_look_up_.take()) {
    if (const auto* failed = std::get_if<Error>(&result)) {
      report(*failed, out);
      continue;
    }
    take_found(std::get<StartLookUp::Found>(std::move(result)), out);
  }
}

void KafkaSource::take_found(StartLookUp::Found found, std::vector<SourceEvent>& out) {
  const bool assignment = found.asked_for == StartLookUpFor::Assignment;
  // A recreated topic may have fewer partitions; the group counts them at each assignment.
  if (assignment) membership_.topic_partitions = 0;
  membership_.topic_partitions = std::max(membership_.topic_partitions, found.resolved.partition_count);
  metrics_.topic_partitions.set(membership_.topic_partitions);
  std::vector<AssignedPartition>& partitions = found.resolved.partitions;
  if (assignment) {
    if (assignment_waits_) announce(std::move(partitions), false, out);
  } else if (found.asked_for == StartLookUpFor::Plans) {
    if (!partitions.empty()) plans_due_.reset();
    for (AssignedPartition& partition : partitions) out.push_back(CommittedPlan{std::move(partition)});
  } else {
    for (const AssignedPartition& partition : partitions) take_looked_up(partition, out);
    if (partitions.empty()) put_off(found);
    settle_if_topic_is_back();
  }
}

// Delivery continues meanwhile.
void KafkaSource::look_up_plans() {
  const SteadyTime now = clock_.steady_now();
  if (!plans_due_ || now < *plans_due_ || assignment_waits_ || closing_ || start_look_up_.under_way()) return;
  plans_due_ = now + kRetryPlans;
  std::vector<Partition> partitions;
  for (const auto& [partition, owned] : owned_) partitions.push_back(partition);
  start_look_up_.begin(std::move(partitions), StartLookUpFor::Plans);
}

void KafkaSource::announce(std::vector<AssignedPartition> partitions, bool continues, std::vector<SourceEvent>& out) {
  announced_without_offset_.clear();
  // An incremental assignment leaves the other partitions as they are; it only cancelled the lookup.
  if (continues || !assignment_.cooperative()) plans_due_.reset();
  if (continues && settings_.planned_commits && !partitions.empty()) plans_due_ = clock_.steady_now();
  for (const AssignedPartition& one : partitions) {
    if (!one.no_valid_offset.empty()) announced_without_offset_.push_back(one.partition);
  }
  out.push_back(
      PartitionsAssigned{std::move(partitions), membership_.generation, continues, known_cluster_id(client_.get())});
}

void KafkaSource::answer_assign(const std::vector<StartAt>& starts) {
  if (!assignment_waits_) return;  // the source is closing
  assignment_waits_ = false;
  if (rebalance_since_ != SteadyTime()) {
    metrics_.assign_seconds.observe(to_seconds(clock_.steady_now() - rebalance_since_));
  }
  if (!assignment_.cooperative()) owned_.clear();
  Positions positions;
  for (const StartAt& start : starts) {
    positions.emplace_back(start.partition, start.next);
    owned_.insert_or_assign(start.partition, Owned{cursor_at(start)});
  }
  broken(assignment_.assign(positions));
  apply_moves();
  settle();
}

// The library is still waiting for an answer because it refused ours, or it reads at another position than expected.
void KafkaSource::broken(const Status& failed) {
  if (failed || broken_) return;
  log_.emit(AssignmentFailed{settings_.topic, failed.error().text});
  broken_ = failed.error();
  wake();
}

// --- calls ----------------------------------------------------------------------------------------------------------

Status KafkaSource::commit_async(const std::vector<OffsetToCommit>& offsets) {
  // A recreated topic must not get the offsets of the old one.
  if (topic_is_gone()) {
    Error gone = to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "committing offsets");
    gone.kind = ErrorKind::Invalid;
    return tl::make_unexpected(std::move(gone));
  }
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  CommitMetadata metadata{std::max(membership_.topic_partitions, 1), {}};
  for (const OffsetToCommit& offset : offsets) {
    auto* one = rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), offset.partition.value);
    one->offset = offset.next.value;
    metadata.plan = offset.plan;
    set_metadata(client_.get(), *one, metadata.text());
  }
  commit_request_.emplace(*requests_);
  const auto error = rd_kafka_commit_queue(client_.get(), list.get(), urgent_.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(to_error(error, "committing offsets"));
  ++commits_sent_;
  return {};
}

std::optional<Offset> KafkaSource::end_offset(Partition partition) const {
  int64_t low = 0;
  int64_t high = 0;
  const auto error =
      rd_kafka_get_watermark_offsets(client_.get(), settings_.topic.c_str(), partition.value, &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return Offset{high};
}

Result<std::unique_ptr<KafkaSource>> build_source(const KafkaSettings& settings, const ConsumerContext& context) {
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

Result<std::unique_ptr<Source>> open_source(const KafkaSettings& settings, const ConsumerContext& context) {
  auto source = build_source(settings, context);
  if (!source) return tl::make_unexpected(source.error());
  if (const Status subscribed = (*source)->subscribe(); !subscribed) return tl::make_unexpected(subscribed.error());
  return *std::move(source);
}

}  // namespace freshet::kafka
