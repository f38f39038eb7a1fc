#include "kafka/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "kafka/start_positions.h"

namespace freshet::kafka {
namespace {

constexpr size_t kMaxMessagesPerPoll = 4096;
constexpr size_t kMaxChunkBytes = 1024 * 1024;
constexpr Duration kTryHeldAgain = std::chrono::minutes(1);
constexpr Duration kRepeatTrouble = std::chrono::minutes(1);

// A message lives as long as its fetch event, which any thread may destroy.
class FetchedMemory final : public MessageMemory {
 public:
  void release(void* handle) const noexcept override { rd_kafka_event_destroy(static_cast<rd_kafka_event_t*>(handle)); }
  void headers(const void* record, std::vector<HeaderView>& out) const override {
    rd_kafka_headers_t* headers = nullptr;
    const auto* message = static_cast<const rd_kafka_message_t*>(record);
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      out.push_back({name, value == nullptr ? std::nullopt
                                            : std::optional(std::string_view(static_cast<const char*>(value), size))});
    }
  }
};

const FetchedMemory kFetchedMemory;

std::optional<std::string_view> bytes_or_null(const void* data, size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

class KafkaSource final : public Source {
 public:
  KafkaSource(const KafkaSettings& settings, Client client, Clock& clock, Log& log, Reaper& reaper, Metrics& metrics);
  ~KafkaSource() override;

  Status subscribe();

  void poll(Duration timeout, size_t max_chunk_messages, std::vector<SourceEvent>& out) override;
  void wake() noexcept override { rd_kafka_queue_yield(queue_.get()); }
  void pause(const std::vector<Partition>& partitions) override;
  void resume(const std::vector<Partition>& partitions) override;
  Status seek(Partition partition, Offset next) override;
  Status commit_async(const std::vector<OffsetToCommit>& offsets) override;
  void answer_revoke() override;
  void begin_close() override;
  std::optional<Offset> end_offset(Partition partition) const override;

 private:
  struct Owned {
    Offset next;          // messages below are stale: fetched before a seek
    bool held = false;    // nothing of it is delivered
    bool paused = false;  // by the stream
    bool out_of_range = false;
    SteadyTime try_again{};
    MessageChunk chunk;  // what is being collected in this poll
  };
  // What a helper thread found out.
  struct Found {
    bool assignment = false;  // it answers the rebalance that waits
    StartPositions::Resolved resolved;
  };
  struct Trouble {
    Error error;
  };
  using Answer = std::variant<Found, Trouble>;

  void on_event(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out);
  void on_fetch(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out);
  void on_rebalance(rd_kafka_event_t* event, std::vector<SourceEvent>& out);
  void on_commit(rd_kafka_event_t* event, std::vector<SourceEvent>& out);
  void on_error(rd_kafka_event_t* event, std::vector<SourceEvent>& out);
  void on_partition_error(rd_kafka_resp_err_t code, Partition partition, int64_t offset, std::vector<SourceEvent>& out);
  void report(const Error& error, std::vector<SourceEvent>& out);
  void flush_chunks(std::vector<SourceEvent>& out);
  void flush(Owned& owned, std::vector<SourceEvent>& out);

  void look_up(std::vector<Partition> partitions, bool assignment, bool out_of_range);
  void take_answers(std::vector<SourceEvent>& out);
  void assign(Found found, std::vector<SourceEvent>& out);
  void go_on(const AssignedPartition& partition, std::vector<SourceEvent>& out);
  void try_held_again();
  bool cooperative() const;
  void mark_paused(const std::vector<Partition>& partitions, bool paused);
  Status assign_one_again(Partition partition, Offset next);
  Status assign_all_again();
  Partitions list_of(const std::vector<Partition>& partitions) const;
  void apply_assign(const rd_kafka_topic_partition_list_t* list);

  const KafkaSettings settings_;
  Clock& clock_;
  Log& log_;
  Reaper& reaper_;
  Gauge& partition_count_gauge_;
  Client client_;
  Queue queue_;
  Topic topic_;

  std::map<Partition, Owned> owned_;
  std::vector<Partition> collecting_;  // partitions whose chunk is not empty
  bool assignment_waits_ = false;      // the library waits for our assign
  Partitions revoking_;                // the library waits for our unassign
  bool closing_ = false;
  bool closed_ = false;
  int32_t partition_count_ = 0;
  std::map<int, SteadyTime> reported_;  // by error code: at most one report a minute

  Mailbox<Answer> answers_{64};
  std::jthread look_up_;  // one at a time
};

KafkaSource::KafkaSource(const KafkaSettings& settings, Client client, Clock& clock, Log& log, Reaper& reaper,
                         Metrics& metrics)
    : settings_(settings),
      clock_(clock),
      log_(log),
      reaper_(reaper),
      partition_count_gauge_(
          metrics.gauge("freshet_topic_partitions", "Partitions of the topic.", {{"topic", settings.topic}})),
      client_(std::move(client)) {
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  topic_.reset(rd_kafka_topic_new(client_.get(), settings_.topic.c_str(), nullptr));
}

KafkaSource::~KafkaSource() {
  answers_.close();
  look_up_ = std::jthread();  // stops and joins: it uses the client
  owned_.clear();
  topic_.reset();
  queue_.reset();
  revoking_.reset();
  reaper_.park(std::move(client_));
}

Status KafkaSource::subscribe() {
  const Partitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), settings_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return failure(ErrorKind::Fatal, fmt::format("--topic {}: {}", settings_.topic, rd_kafka_err2str(error)), error);
}

// --- events ---------------------------------------------------------------------------------------------------------

void KafkaSource::poll(Duration timeout, size_t max_chunk_messages, std::vector<SourceEvent>& out) {
  take_answers(out);
  try_held_again();
  auto wait = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  if (!out.empty()) wait = 0;
  for (size_t i = 0; i < kMaxMessagesPerPoll; ++i) {
    Event event(rd_kafka_queue_poll(queue_.get(), wait));
    if (!event) break;
    wait = 0;
    on_event(std::move(event), max_chunk_messages, out);
  }
  flush_chunks(out);
  if (closing_ && !closed_ && rd_kafka_consumer_closed(client_.get()) != 0) {
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
    on_commit(event.get(), out);
  } else if (type == RD_KAFKA_EVENT_ERROR) {
    on_error(event.get(), out);
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
  if (found == owned_.end() || found->second.held || record->offset < found->second.next.value) return;
  Owned& owned = found->second;
  Message message(&kFetchedMemory, event.release(), record);
  message.offset = Offset{record->offset};
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  message.timestamp_ms = rd_kafka_message_timestamp(record, &type);
  message.key = bytes_or_null(record->key, record->key_len);
  message.payload = bytes_or_null(record->payload, record->len);
  owned.next = message.offset.next();
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
  std::vector<Partition> partitions;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) partitions.push_back(Partition{list->elems[i].partition});
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assignment_waits_ = true;
    if (closing_) {
      assign({true, {}}, out);
    } else if (partitions.empty()) {
      assign({true, {}}, out);
    } else {
      look_up(std::move(partitions), true, false);
    }
    return;
  }
  // The library asks for the eager protocol's revoke with everything that is assigned.
  revoking_.reset(list != nullptr ? rd_kafka_topic_partition_list_copy(list) : rd_kafka_topic_partition_list_new(0));
  out.push_back(PartitionsRevoked{std::move(partitions), rd_kafka_assignment_lost(client_.get()) != 0});
}

void KafkaSource::answer_revoke() {
  if (!revoking_) return;
  for (int i = 0; i < revoking_->cnt; ++i) owned_.erase(Partition{revoking_->elems[i].partition});
  if (cooperative()) {
    const LibraryError error(rd_kafka_incremental_unassign(client_.get(), revoking_.get()));
    if (error) log_.warn("unassign_failed", {{"error", rd_kafka_error_string(error.get())}});
  } else {
    owned_.clear();
    rd_kafka_assign(client_.get(), nullptr);
  }
  revoking_.reset();
}

void KafkaSource::on_commit(rd_kafka_event_t* event, std::vector<SourceEvent>& out) {
  CommitResult result;
  const auto whole = rd_kafka_event_error(event);
  const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (whole == RD_KAFKA_RESP_ERR_NO_ERROR && one.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      result.committed.emplace_back(Partition{one.partition}, Offset{one.offset});
    } else if (!result.error) {
      result.error = to_error(whole != RD_KAFKA_RESP_ERR_NO_ERROR ? whole : one.err, "committing offsets");
    }
  }
  if (whole != RD_KAFKA_RESP_ERR_NO_ERROR && !result.error) result.error = to_error(whole, "committing offsets");
  out.push_back(std::move(result));
}

void KafkaSource::on_error(rd_kafka_event_t* event, std::vector<SourceEvent>& out) {
  const auto code = rd_kafka_event_error(event);
  const OnePartition partition(rd_kafka_event_topic_partition(event));
  if (partition && partition->partition >= 0 &&
      (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)) {
    return on_partition_error(code, Partition{partition->partition}, partition->offset, out);
  }
  if (rd_kafka_event_error_is_fatal(event) != 0) {
    return report(
        {ErrorKind::Renew, code, fmt::format("{}: {}", rd_kafka_err2name(code), rd_kafka_event_error_string(event))},
        out);
  }
  report(to_error(code, rd_kafka_event_error_string(event)), out);
}

void KafkaSource::on_partition_error(rd_kafka_resp_err_t code, Partition partition, int64_t offset,
                                     std::vector<SourceEvent>& out) {
  const auto found = owned_.find(partition);
  if (found == owned_.end()) return;
  if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (!found->second.held) out.push_back(EndOfPartition{partition, Offset{offset}});
    return;
  }
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    if (found->second.held) return;
    found->second.held = true;
    found->second.out_of_range = true;
    found->second.try_again = clock_.steady_now();
    log_.warn("offset_out_of_range", {{"topic", settings_.topic}, {"partition", partition.value}, {"offset", offset}});
    return;
  }
  report(to_error(code, fmt::format("partition {}", partition.value)), out);
}

void KafkaSource::report(const Error& error, std::vector<SourceEvent>& out) {
  const SteadyTime now = clock_.steady_now();
  const auto found = reported_.find(error.code);
  if (error.kind != ErrorKind::Renew && found != reported_.end() && now - found->second < kRepeatTrouble) return;
  reported_[error.code] = now;
  out.push_back(SourceFault{error});
}

// --- where partitions start -----------------------------------------------------------------------------------------

void KafkaSource::look_up(std::vector<Partition> partitions, bool assignment, bool out_of_range) {
  look_up_ = std::jthread([this, partitions = std::move(partitions), assignment, out_of_range](std::stop_token stop) {
    StartPositions positions(client_.get(), settings_, clock_, [this](const Error& error) {
      Answer trouble = Trouble{error};
      if (answers_.try_push(trouble)) wake();
    });
    auto resolved = positions.resolve(partitions, out_of_range, stop);
    if (!resolved) return;
    Answer found = Found{assignment, *std::move(resolved)};
    if (answers_.push(found, stop)) wake();
  });
}

void KafkaSource::take_answers(std::vector<SourceEvent>& out) {
  std::vector<Answer> answers;
  answers_.drain_into(answers);
  for (Answer& answer : answers) {
    if (auto* trouble = std::get_if<Trouble>(&answer)) {
      report(trouble->error, out);
      continue;
    }
    Found& found = std::get<Found>(answer);
    partition_count_ = std::max(partition_count_, found.resolved.partition_count);
    partition_count_gauge_.set(partition_count_);
    if (found.assignment) {
      if (assignment_waits_) assign(std::move(found), out);
    } else {
      for (const AssignedPartition& partition : found.resolved.partitions) go_on(partition, out);
    }
  }
}

void KafkaSource::assign(Found found, std::vector<SourceEvent>& out) {
  assignment_waits_ = false;
  const auto& partitions = found.resolved.partitions;
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  if (!cooperative()) owned_.clear();
  std::vector<Partition> held;
  for (const AssignedPartition& partition : partitions) {
    auto* one = rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), partition.partition.value);
    one->offset = partition.start.value;
    Owned owned;
    owned.next = partition.start;
    owned.held = !partition.held.empty();
    owned.try_again = clock_.steady_now() + kTryHeldAgain;
    if (owned.held) held.push_back(partition.partition);
    owned_.insert_or_assign(partition.partition, std::move(owned));
  }
  apply_assign(list.get());
  if (!held.empty()) pause(held);
  out.push_back(PartitionsAssigned{partitions});
}

void KafkaSource::apply_assign(const rd_kafka_topic_partition_list_t* list) {
  if (cooperative()) {
    const LibraryError error(rd_kafka_incremental_assign(client_.get(), list));
    if (error) log_.warn("assign_failed", {{"error", rd_kafka_error_string(error.get())}});
  } else {
    rd_kafka_assign(client_.get(), list);
  }
}

void KafkaSource::go_on(const AssignedPartition& partition, std::vector<SourceEvent>& out) {
  const auto found = owned_.find(partition.partition);
  if (found == owned_.end() || !found->second.held) return;
  if (!partition.held.empty()) {
    found->second.try_again = clock_.steady_now() + kTryHeldAgain;
    out.push_back(PartitionStuck{partition.partition, partition.held});
    return;
  }
  if (const Status sought = seek(partition.partition, partition.start); !sought) {
    return report(sought.error(), out);
  }
  out.push_back(PartitionUnstuck{partition.partition, partition.start});
}

void KafkaSource::try_held_again() {
  if (assignment_waits_ || closing_ || owned_.empty()) return;
  const SteadyTime now = clock_.steady_now();
  for (const bool out_of_range : {true, false}) {
    std::vector<Partition> due;
    for (auto& [partition, owned] : owned_) {
      if (!owned.held || owned.out_of_range != out_of_range || owned.try_again > now) continue;
      owned.try_again = now + kTryHeldAgain;
      due.push_back(partition);
    }
    if (!due.empty()) return look_up(std::move(due), false, out_of_range);
  }
}

// The partition is assigned anew at its position: rd_kafka_seek() does nothing for one that the library has stopped
// fetching, as it does when an offset is out of range.
Status KafkaSource::seek(Partition partition, Offset next) {
  const auto found = owned_.find(partition);
  if (found == owned_.end()) return {};
  found->second.next = next;
  found->second.held = false;
  found->second.out_of_range = false;
  return cooperative() ? assign_one_again(partition, next) : assign_all_again();
}

Status KafkaSource::assign_one_again(Partition partition, Offset next) {
  const Partitions list = list_of({partition});
  LibraryError error(rd_kafka_incremental_unassign(client_.get(), list.get()));
  list->elems[0].offset = next.value;
  if (!error) error.reset(rd_kafka_incremental_assign(client_.get(), list.get()));
  if (error) {
    return tl::make_unexpected(to_error(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get())));
  }
  return {};
}

// The eager protocol knows only whole assignments; each partition goes on at its next undelivered offset.
Status KafkaSource::assign_all_again() {
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(owned_.size())));
  std::vector<Partition> still;
  for (const auto& [partition, owned] : owned_) {
    rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), partition.value)->offset = owned.next.value;
    if (owned.paused || owned.held) still.push_back(partition);
  }
  const auto error = rd_kafka_assign(client_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(to_error(error, "moving a partition's position"));
  rd_kafka_pause_partitions(client_.get(), list_of(still).get());
  return {};
}

// --- calls ----------------------------------------------------------------------------------------------------------

bool KafkaSource::cooperative() const {
  return std::string_view(rd_kafka_rebalance_protocol(client_.get())) == "COOPERATIVE";
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

Status KafkaSource::commit_async(const std::vector<OffsetToCommit>& offsets) {
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  const std::string own = commit_metadata(std::max(partition_count_, 1));
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
  return {};
}

void KafkaSource::begin_close() {
  if (closing_) return;
  closing_ = true;
  look_up_ = std::jthread();
  if (assignment_waits_) {  // the library waits for an answer before it leaves
    assignment_waits_ = false;
    const Partitions none(rd_kafka_topic_partition_list_new(0));
    apply_assign(none.get());
  }
  const LibraryError error(rd_kafka_consumer_close_queue(client_.get(), queue_.get()));
  if (!error) return;
  // A fatal or fenced client never says that it is closed.
  log_.warn("close_failed", {{"error", rd_kafka_error_string(error.get())}});
  Answer trouble = Trouble{{ErrorKind::Renew, rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get())}};
  if (answers_.try_push(trouble)) wake();
}

std::optional<Offset> KafkaSource::end_offset(Partition partition) const {
  int64_t low = 0;
  int64_t high = 0;
  const auto error =
      rd_kafka_get_watermark_offsets(client_.get(), settings_.topic.c_str(), partition.value, &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return Offset{high};
}

}  // namespace

Result<std::unique_ptr<Source>> open_source(const KafkaSettings& settings, Clock& clock, Log& log, Metrics& metrics,
                                            Reaper& reaper) {
  auto conf = consumer_conf(settings, log);
  if (!conf) return tl::make_unexpected(conf.error());
  auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  auto source = std::make_unique<KafkaSource>(settings, *std::move(client), clock, log, reaper, metrics);
  if (const Status subscribed = source->subscribe(); !subscribed) return tl::make_unexpected(subscribed.error());
  return source;
}

}  // namespace freshet::kafka
