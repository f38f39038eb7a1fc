#include "kafka/successor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/mutex.h"
#include "base/threads.h"
#include "kafka/error_table.h"
#include "kafka/oauth_token.h"

namespace freshet::kafka {
namespace {

constexpr int kPositionLookUpMs = 1000;
// The coordinator may be slow: the timeout grows with each query.
constexpr int kCoordinatorMs = 2000;
constexpr int kCoordinatorMaxMs = 32'000;
constexpr int kPollMs = 50;
constexpr Duration kPrepareAgainAfter = std::chrono::milliseconds(500);

// Everything that the thread uses. The reaper destroys it after the successor was dropped.
class SuccessorBuild final : public PendingDestruction {
 public:
  SuccessorBuild(std::unique_ptr<KafkaSource> source, const KafkaSettings& settings, Membership old, Clock& clock,
                 std::function<void()> on_change)
      : source_(std::move(source)),
        settings_(settings),
        old_(std::move(old)),
        clock_(clock),
        on_change_(std::move(on_change)) {}
  ~SuccessorBuild() override { give_up(); }

  // Call once.
  Status start() {
    auto thread = start_thread("kafka_successor", [this](std::stop_token stop) { run(stop); });
    if (!thread) return tl::make_unexpected(thread.error());
    thread_ = *std::move(thread);
    return {};
  }

  Successor::State state() const {
    MutexLock lock(mutex_);
    return state_;
  }
  Error failure() const {
    MutexLock lock(mutex_);
    return failure_;
  }
  int32_t topic_partitions() const {
    MutexLock lock(mutex_);
    return topic_partitions_;
  }
  void join(const Membership& old, bool force) {
    {
      MutexLock lock(mutex_);
      if (state_ != Successor::State::Ready) return;
      joins_ = old;
      force_ = force;
      state_ = Successor::State::Joining;
    }
    asked_.notify_all();
  }
  bool withdraw() {
    MutexLock lock(mutex_);
    withdrawn_ = withdrawn_ || !subscribed_;
    return withdrawn_;
  }
  // No further notifications; the thread ends soon.
  void abandon() {
    MutexLock lock(mutex_);
    on_change_ = {};
    withdrawn_ = withdrawn_ || !subscribed_;
    thread_.request_stop();
  }

  // Ends the thread; may wait for a lookup, but only in state Connecting.
  std::unique_ptr<KafkaSource> take() {
    give_up();
    MutexLock lock(mutex_);
    if (state_ == Successor::State::Joined) source_->begin_with(std::move(assigned_), joins_, topic_partitions_);
    if (!subscribed_ && !source_->subscribe()) return nullptr;
    subscribed_ = true;
    return std::move(source_);
  }

 private:
  void give_up() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  void change(Successor::State state) {
    MutexLock lock(mutex_);
    state_ = state;
    if (on_change_) on_change_();
  }
  void fail(Error error, Successor::State state = Successor::State::Failed) {
    {
      MutexLock lock(mutex_);
      failure_ = std::move(error);
    }
    change(state);
  }

  void run(std::stop_token stop) {
    if (!connect(stop)) return;
    change(Successor::State::Ready);
    bool force = false;
    {
      MutexLock lock(mutex_);
      asked_.wait(mutex_, stop, [&]() REQUIRES(mutex_) { return state_ == Successor::State::Joining; });
      if (state_ != Successor::State::Joining) return;
      force = force_;
    }
    if (!force && group_rebalances()) {
      return fail({ErrorKind::Retry, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
                   "the group is rebalancing: the running consumer takes part in that first"},
                  Successor::State::Postponed);
    }
    join_group(stop);
  }

  bool connect(std::stop_token stop) {
    while (!stop.stop_requested()) {
      const Status status = try_connect();
      if (const auto rejected = rejection(); rejected) {
        fail(*rejected);
        return false;
      }
      if (status) return true;
      if (!sleep_interruptibly(clock_, stop, kPrepareAgainAfter)) return false;
    }
    return false;
  }

  // Each request waits until its connections are up and logged in: to any broker, the coordinator, the leaders.
  Status try_connect() {
    const auto count = count_partitions();
    if (!count) return tl::make_unexpected(count.error());
    {
      MutexLock lock(mutex_);
      topic_partitions_ = *count;
    }
    Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(old_.partitions.size()) + 1));
    for (const Partition partition : old_.partitions) {
      rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), partition.value);
    }
    if (list->cnt == 0) rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), 0);
    auto error = rd_kafka_committed(source_->client(), list.get(), coordinator_ms_);
    coordinator_ms_ = std::min(coordinator_ms_ * 4, kCoordinatorMaxMs);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
      error = rd_kafka_offsets_for_times(source_->client(), list.get(), kPositionLookUpMs);
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(to_error(error, "preparing the next consumer"));
    return {};
  }

  Result<int32_t> count_partitions() {
    const Topic topic(rd_kafka_topic_new(source_->client(), settings_.topic.c_str(), nullptr));
    const rd_kafka_metadata_t* raw = nullptr;
    const auto error = rd_kafka_metadata(source_->client(), 0, topic.get(), &raw, kPositionLookUpMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(to_error(error, "looking up the topic"));
    const Metadata metadata(raw);
    return metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  }

  // The broker rejected the new client: waiting does not help. A token that cannot be acquired is asked for again.
  std::optional<Error> rejection() {
    for (rd_kafka_queue_t* const queue : {source_->urgent(), source_->queue()}) {
      while (const Event event{rd_kafka_queue_poll(queue, 0)}) {
        if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
        Error error = to_error(event.get());
        note_client_error(source_->client(), error);
        const bool may_help = rule_for(rd_kafka_event_error(event.get())).renewal_may_help;
        if (may_help && !is_token_failure(error.text)) return error;
      }
    }
    return std::nullopt;
  }

  // The running consumer may not learn of a rebalance before its next heartbeat. A join would fence that consumer,
  // which could then not commit what it inserts in the meantime.
  bool group_rebalances() const {
    return !group_rests(source_->client(), settings_.consumer_group, clock_).value_or(true);
  }

  // After this the running consumer will be fenced. False: the build was withdrawn.
  Result<bool> ask_to_join() {
    {
      MutexLock lock(mutex_);
      if (withdrawn_) return false;
      subscribed_ = true;
    }
    const Status subscribed = source_->subscribe();
    if (subscribed) return true;
    MutexLock lock(mutex_);
    subscribed_ = false;
    return tl::make_unexpected(subscribed.error());
  }

  // From either queue: none of them may grow while the join lasts. Null: there was none yet.
  Event next_event() {
    if (Event urgent{rd_kafka_queue_poll(source_->urgent(), 0)}) return urgent;
    return Event(rd_kafka_queue_poll(source_->queue(), kPollMs));
  }

  void join_group(std::stop_token stop) {
    const auto asked = ask_to_join();
    if (!asked) return fail(asked.error());
    if (!*asked) return;
    while (!stop.stop_requested()) {
      const Event event = next_event();
      if (!event) continue;
      const auto type = rd_kafka_event_type(event.get());
      const auto code = rd_kafka_event_error(event.get());
      if (type == RD_KAFKA_EVENT_ERROR) {
        const Error error = to_error(event.get());
        note_client_error(source_->client(), error);
        if (rd_kafka_event_error_is_fatal(event.get()) != 0) return fail(error);
      }
      if (type != RD_KAFKA_EVENT_REBALANCE || code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) continue;
      const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event.get());
      // A partition that appeared between connecting and joining has no owner: this client assumed that the group knew
      // it.
      const auto count = count_partitions();
      {
        MutexLock lock(mutex_);
        for (int i = 0; list != nullptr && i < list->cnt; ++i) assigned_.push_back(Partition{list->elems[i].partition});
        if (count) topic_partitions_ = std::max(topic_partitions_, *count);
      }
      return change(Successor::State::Joined);
    }
  }

  std::unique_ptr<KafkaSource> source_;
  const KafkaSettings settings_;
  const Membership old_;  // when the build started; the leaders of its partitions are looked up
  Clock& clock_;
  mutable Mutex mutex_;
  std::function<void()> on_change_ GUARDED_BY(mutex_);
  CondVar asked_;
  Successor::State state_ GUARDED_BY(mutex_) = Successor::State::Connecting;
  Error failure_ GUARDED_BY(mutex_);
  int32_t topic_partitions_ GUARDED_BY(mutex_) = 0;
  std::vector<Partition> assigned_ GUARDED_BY(mutex_);
  Membership joins_ GUARDED_BY(mutex_);
  bool force_ GUARDED_BY(mutex_) = false;
  bool subscribed_ GUARDED_BY(mutex_) = false;
  bool withdrawn_ GUARDED_BY(mutex_) = false;
  int coordinator_ms_ = kCoordinatorMs;  // used only by the thread
  std::jthread thread_;
};

class KafkaSuccessor final : public Successor {
 public:
  KafkaSuccessor(std::unique_ptr<SuccessorBuild> build, Reaper& reaper) : build_(std::move(build)), reaper_(reaper) {}
  ~KafkaSuccessor() override {
    if (!build_) return;
    build_->abandon();
    reaper_.add(std::move(build_));
  }
  State state() const override { return build_->state(); }
  Error failure() const override { return build_->failure(); }
  int32_t topic_partitions() const override { return build_->topic_partitions(); }
  void join(const Membership& old, bool force) override { build_->join(old, force); }
  bool withdraw() override { return build_->withdraw(); }
  std::unique_ptr<Source> take() override { return std::exchange(build_, nullptr)->take(); }

 private:
  std::unique_ptr<SuccessorBuild> build_;
  Reaper& reaper_;
};

}  // namespace

Result<std::unique_ptr<Successor>> open_successor(const KafkaSettings& settings, const ConsumerContext& context,
                                                  const Membership& old, std::function<void()> on_change) {
  if (context.reaper.pending() >= Reaper::kCap) {
    return failure(ErrorKind::Retry, fmt::format("{} clients of past consumers still live; the next consumer waits",
                                                 context.reaper.pending()));
  }
  auto source = build_source(settings, context);
  if (!source) return tl::make_unexpected(source.error());
  auto build = std::make_unique<SuccessorBuild>(*std::move(source), settings, old, context.clock, std::move(on_change));
  if (const Status started = build->start(); !started) {
    Error error = started.error();
    error.kind = ErrorKind::Renew;
    return tl::make_unexpected(std::move(error));
  }
  return std::make_unique<KafkaSuccessor>(std::move(build), context.reaper);
}

}  // namespace freshet::kafka
