#include "stream/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/threads.h"
#include "stream/dlq_record.h"
#include "stream/no_source.h"
#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

// After a hand-over the same assignment follows at once: do not publish a status without partitions meanwhile.
constexpr Duration kAssignmentFollows = std::chrono::seconds(1);
constexpr Duration kPublish = std::chrono::milliseconds(250);
constexpr size_t kBytesPerChunk = 2048;      // the minimum charge of a chunk
constexpr uint64_t kFreedMemory = 32 << 20;  // freed memory that the process may keep beyond the memory limit
// While no messages are wanted, a few are taken so often, because rebalances come among them.
constexpr Duration kTakesSome = std::chrono::milliseconds(100);
constexpr uint64_t kFewBytes = 256 << 10;
constexpr size_t kOtherEvents = 65536;  // room for results of batches and dead letters, options, skips

size_t chunk_capacity(const StreamSettings& settings) { return settings.memory_limit / kBytesPerChunk + kOtherEvents; }

}  // namespace

Stream::Stream(const StreamSettings& settings, StreamDependencies dependencies, const LiveOptions& options,
               Clock& clock, Log& log, Metrics& metrics)
    : settings_(settings),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      pipeline_(settings, options, dependencies.has_dead_letters, std::move(dependencies.gate), metrics_, log,
                clock.steady_now()),
      status_(pipeline_.status(clock.steady_now())),
      progress_(clock.steady_now()),
      freed_memory_(settings.memory_limit + kFreedMemory),
      events_(chunk_capacity(settings)) {
  writers_ = std::make_unique<WriterPool>(
      dependencies.writers, settings.batch_deadline, pipeline_.budget(), clock,
      [this](BatchResult result) { post(std::move(result)); },
      [this](uint64_t batch, const InsertFailure& failure) {
        post(InsertFailed{batch, failure});
      });
  if (const Status started = set_writers(options); !started) throw ThreadRefused(started.error().text);
  metrics_.pool_threads("process_message").set(settings.concurrency);
  pipeline_.measure_batches(std::move(dependencies.measure));
  pipeline_.observe_batches(std::move(dependencies.observers));
  workers_ = std::make_unique<WorkerPool>(
      settings.concurrency, chunk_capacity(settings), [&] { return make_worker(dependencies); }, clock,
      metrics_.processing, [this](std::shared_ptr<const ProcessedChunk> chunk) { post(std::move(chunk)); },
      [this](Work work) { post(std::move(work)); });
}

std::unique_ptr<ChunkProcessor> Stream::make_worker(const StreamDependencies& dependencies) {
  auto filter = std::make_unique<MessageFilter>(settings_, metrics_, clock_, dependencies.live_options,
                                                dependencies.schemas ? dependencies.schemas() : nullptr,
                                                dependencies.samplers ? dependencies.samplers() : nullptr);
  const auto rules = ProcessingRules::of(settings_, dependencies.has_dead_letters, pipeline_.gate_needs());
  return std::make_unique<ChunkProcessor>(dependencies.processors, rules, std::move(filter));
}

Stream::~Stream() {
  events_.close();  // nobody reads it any more, and threads blocked on a full mailbox could not end
}

void Stream::post(Event event) {
  events_.push(event);
  wake();
}

void Stream::note(Event event) {
  own_.push_back(std::move(event));
  woken_.store(true);
}

void Stream::wake() noexcept {
  woken_.store(true);
  if (!polling_.exchange(false)) return;  // the loop checks woken_ before it waits
  MutexLock lock(source_mutex_);
  if (source_ != nullptr) source_->wake();
}

RecordProducer::OnResult Stream::dead_letter_results() {
  return [this](uint64_t ticket, Status status) { post(DeadLetterResult{ticket, std::move(status)}); };
}

void Stream::set_side_producer(size_t topic, RecordProducer* producer) {
  if (side_producers_.size() <= topic) side_producers_.resize(topic + 1);
  side_producers_[topic] = producer;
}

RecordProducer::OnResult Stream::side_results(size_t topic) {
  return [this, topic](uint64_t ticket, Status status) { post(RecordResult{topic, ticket, std::move(status)}); };
}

void Stream::set_options(const LiveOptions& options) { post(options); }

Status Stream::set_writers(const LiveOptions& options) {
  const uint32_t writers = std::min(options.clickhouse_concurrency, settings_.max_writers);
  metrics_.pool_threads("clickhouse").set(writers);
  return writers_->set_concurrency(writers);
}

Result<SkipResult> Stream::skip(const SkipOrder& order, std::stop_token stop) {
  const auto reply = std::make_shared<SkipReply>();
  post(Skip{order, reply});
  const SteadyTime deadline = clock_.steady_now() + std::chrono::seconds(5);
  MutexLock lock(reply->mutex);
  // The consumer may end before it reads its mailbox again.
  clock_.wait_until(reply->given, reply->mutex, std::move(stop), deadline,
                    [&]() REQUIRES(reply->mutex) { return reply->result.has_value(); });
  if (!reply->result) return failure(ErrorKind::Retry, "no Kafka consumer right now; try again");
  return *reply->result;
}

void Stream::attach(Source* source) {
  MutexLock lock(source_mutex_);
  source_ = source;
}

RunResult Stream::run(Source& source, uint64_t consumer, ConsumerControl& control) {
  attach(&source);
  polled_ = took_ = SteadyTime();
  pipeline_.consumer_started(consumer, clock_.steady_now());
  fenced_ = false;
  fenced_by_other_ = false;
  while (!pipeline_.closed()) {
    const SteadyTime now = begin_turn();
    follow(control, source, now);
    pipeline_.tick(now, commands_);
    execute(source, now);
    publish(source, now);
    if (pipeline_.closed()) break;
    take_source_events(source, control, std::min(pipeline_.next_deadline(now), control.next_deadline(now)) - now);
  }
  execute(source, clock_.steady_now());
  attach(nullptr);
  const auto status = pipeline_.status(clock_.steady_now());
  if (handed_over_at_ == SteadyTime{}) status_.set(status);
  return {pipeline_.end(), fenced_by_other_, pipeline_.end() == End::Broken ? status.last_kafka_error : ""};
}

void Stream::wait(SteadyTime until, std::stop_token stop) {
  NoSource nothing(clock_);
  attach(&nothing);
  const std::stop_callback wake_on_stop(stop, [this] { wake(); });
  std::vector<SourceEvent> none;
  for (SteadyTime now = begin_turn(); now < until && !stop.stop_requested(); now = begin_turn()) {
    pipeline_.tick(now, commands_);
    execute(nothing, now);
    publish(nothing, now);
    polling_.store(true);
    const bool idle = !woken_.exchange(false);
    nothing.poll(idle ? std::min(pipeline_.next_deadline(now), until) - now : Duration::zero(), {}, none);
    polling_.store(false);
  }
  attach(nullptr);
}

SteadyTime Stream::begin_turn() {
  const SteadyTime now = clock_.steady_now();
  freed_memory_.look(now);
  last_turn_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  pipeline_.set_clocks(clock_.system_now(), clock_.since_boot());
  take_events(now);
  return now;
}

void Stream::follow(ConsumerControl& control, Source& source, SteadyTime now) {
  if (pipeline_.ending()) return;
  ConsumerState state = pipeline_.consumer_state();
  state.membership = &source.membership();
  state.fenced = fenced_;
  const ConsumerCommand command = control.poll(now, state);
  pipeline_.pause_commits(command == ConsumerCommand::PauseCommits || command == ConsumerCommand::PauseWrites);
  pipeline_.pause_batches(command == ConsumerCommand::PauseWrites);
  if (command == ConsumerCommand::HandOver) {
    pipeline_.hand_over(now);
    handed_over_at_ = now;
  }
  if (command == ConsumerCommand::Leave) pipeline_.leave(now, commands_);
  if (command == ConsumerCommand::Stop) pipeline_.request_stop(now, commands_);
}

PollLimits Stream::poll_limits(SteadyTime now) const {
  uint64_t bytes = pipeline_.wanted_bytes();
  if (bytes == 0 && (pipeline_.awaits_source() || now - took_ >= kTakesSome)) bytes = kFewBytes;
  return {pipeline_.max_chunk_messages(), bytes};
}

// Each piece that a worker finishes, and each batch that is stored, is an event, which ends the wait.
void Stream::take_source_events(Source& source, ConsumerControl& control, Duration timeout) {
  delivered_.clear();
  // An event after this store wakes the source, which ends the poll at once.
  polling_.store(true);
  if (woken_.exchange(false) || timeout < Duration::zero()) timeout = Duration::zero();
  const SteadyTime before = clock_.steady_now();
  const PollLimits limits = poll_limits(before);
  if (limits.bytes == 0) timeout = std::min(timeout, took_ + kTakesSome - before);
  source.poll(timeout, limits, delivered_);
  polling_.store(false);
  const SteadyTime now = clock_.steady_now();
  if (limits.bytes > 0) {
    took_ = now;
  } else {
    metrics_.intake_wait_time.add(now - before);
  }
  count_turn(before, now);
  for (SourceEvent& event : delivered_) {
    if (auto* fault = std::get_if<SourceFault>(&event)) {
      if (fault->error.kind == ErrorKind::Renew) {
        const ClientEnd ended = control.client_ended(fault->error);
        if (ended == ClientEnd::Replaced) {
          fenced_ = true;
          continue;
        }
        // Nobody else has the partitions, so what is in flight continues in the next consumer.
        if (ended == ClientEnd::FencedByOwnClient) fault->fenced = false;
      }
      fenced_by_other_ = fenced_by_other_ || fault->fenced;
      if (fault->renewal_may_help) control.renewal_may_help(fault->error, now);
    }
    pipeline_.on_source_event(std::move(event), now, commands_);
  }
}

void Stream::count_turn(SteadyTime before_poll, SteadyTime after_poll) {
  const SteadyTime last = std::exchange(polled_, after_poll);
  metrics_.loop_turns.add();
  metrics_.loop_poll.add(after_poll - before_poll);
  if (last == SteadyTime()) return;
  metrics_.loop_busy.add(before_poll - last);
  if (pipeline_.backpressure()) metrics_.backpressure_time.add(after_poll - last);
}

void Stream::take_events(SteadyTime now) {
  taken_.clear();
  taken_.swap(own_);
  for (RecordProducer* const producer : side_producers_) {
    if (producer != nullptr) producer->reset();  // before their results are taken
  }
  events_.drain_into(taken_);
  for (Event& event : taken_) {
    std::visit([&](auto& one) { on_event(one, now); }, event);
  }
}

void Stream::on_event(std::shared_ptr<const ProcessedChunk>& chunk, SteadyTime now) {
  pipeline_.on_processed(std::move(chunk), now);
}

void Stream::on_event(Work& handed_back, SteadyTime) { pipeline_.on_handed_back(std::move(handed_back)); }

void Stream::on_event(BatchResult& result, SteadyTime now) { pipeline_.on_batch(std::move(result), now); }

void Stream::on_event(const InsertFailed& event, SteadyTime now) {
  pipeline_.on_insert_failure(event.batch, event.failure, now);
}

void Stream::on_event(const DeadLetterResult& result, SteadyTime now) {
  pipeline_.on_dead_letter_result(result.ticket, result.status, now);
}

void Stream::on_event(const RecordResult& result, SteadyTime now) {
  pipeline_.on_record_result(result.topic, result.ticket, result.status, now);
}

void Stream::on_event(const LiveOptions& options, SteadyTime now) {
  pipeline_.set_options(options, now);
  if (const Status started = set_writers(options); !started) {
    log_.emit(WritersNotStarted{options.clickhouse_concurrency, started.error().text});
  }
}

void Stream::on_event(const Refetch& refetch, SteadyTime) { pipeline_.refetch(refetch.partitions, commands_); }

void Stream::on_event(const Skip& skip, SteadyTime now) {
  Result<SkipResult> done = carry_out(skip.order, now);
  {
    MutexLock lock(skip.reply->mutex);
    skip.reply->result = std::move(done);
  }
  skip.reply->given.notify_all();
}

Result<SkipResult> Stream::carry_out(const SkipOrder& order, SteadyTime now) {
  if (order.resolution || pipeline_.batch_outcomes().blocks(order.partition)) {
    return pipeline_.batch_outcomes().resolve(order.partition, order.resolution, now, commands_);
  }
  const bool batch = pipeline_.holds_batch_of(order.partition);
  const bool only_batch = batch && !pipeline_.blocked_partitions().contains(order.partition);
  Result<SkipResult> done;
  done->partition = order.partition;
  if (!only_batch) {
    if (!order.next) {
      return failure(ErrorKind::Invalid,
                     fmt::format("name the offset at which partition {} resumes: {{\"partition\": {}, \"offset\": N}}",
                                 order.partition.value, order.partition.value));
    }
    done = pipeline_.blocked_partitions().skip(order.partition, *order.next, now, commands_);
  }
  if (done && batch) {
    done->batch = true;
    writers_->skip(order.partition);
    log_.emit(BatchSkipped{settings_.topic, order.partition.value});
  }
  return done;
}

// In the order of the members of Commands.
void Stream::execute(Source& source, SteadyTime now) {
  submit_to_pools();
  produce_dead_letters();
  produce_records();
  command_source(source, now);
  abandon_batches();
  const Commands done = std::exchange(commands_, {});
  if (done.answer_revoke) source.answer_revoke();
  if (done.begin_close) source.begin_close(*done.begin_close);
}

void Stream::submit_to_pools() {
  for (Work& work : commands_.work) workers_->submit(std::move(work));
  for (auto& batch : commands_.batches) writers_->submit(std::move(batch));
  for (BatchTask& left : commands_.again) writers_->submit(std::move(left));
}

void Stream::produce_dead_letters() {
  for (const OutgoingDeadLetter& dead_letter : commands_.dead_letters) {
    Status produced = produce_dead_letter(*dead_letter_producer_, *dead_letter.record, settings_, dead_letter.ticket);
    if (!produced) note(DeadLetterResult{dead_letter.ticket, std::move(produced)});
  }
}

// Once a topic rejects a record, later records to it are not produced either, to keep their order.
void Stream::produce_records() {
  std::vector<std::optional<Error>> rejected(commands_.records.empty() ? 0 : side_producers_.size());
  for (const GateRecord& record : commands_.records) {
    if (!rejected[record.topic]) {
      const Status taken = side_producers_[record.topic]->produce(record.record->view(), record.ticket);
      if (taken) continue;
      rejected[record.topic] = taken.error();
    }
    note(RecordResult{record.topic, record.ticket, tl::make_unexpected(*rejected[record.topic])});
  }
  if (!commands_.purge_records) return;
  for (RecordProducer* const producer : side_producers_) {
    if (producer != nullptr) producer->purge();
  }
}

void Stream::command_source(Source& source, SteadyTime now) {
  if (commands_.answer_assign) source.answer_assign(*commands_.answer_assign);
  if (!commands_.pause.empty()) source.pause(commands_.pause);
  for (const auto& [partition, next] : commands_.seek) {
    if (const Status sought = source.seek(partition, next); !sought) {
      log_.emit(SeekFailed{partition.value, sought.error().text});
    }
  }
  for (const Partition partition : commands_.refetch) source.refetch(partition);
  if (!commands_.resume.empty()) source.resume(commands_.resume);
  if (!commands_.commit.empty()) commit(source, now);
}

void Stream::commit(Source& source, SteadyTime now) {
  const Status sent = source.commit_async(commands_.commit);
  if (sent) return;
  CommitResult rejected{{}, sent.error(), {}};
  if (sent.error().kind == ErrorKind::Invalid) {
    for (const OffsetToCommit& offset : commands_.commit) rejected.void_now.push_back(offset.partition);
  }
  pipeline_.on_source_event(std::move(rejected), now, commands_);
}

void Stream::abandon_batches() {
  auto abandoned = commands_.abandon_batches ? writers_->abandon_all() : writers_->abandon(commands_.abandon);
  for (auto& batch : abandoned) note(BatchResult{std::move(batch), false, {}, 0, {}});
}

void Stream::publish(const Source& source, SteadyTime now) {
  if (now - published_ < kPublish) return;
  StreamStatus status = pipeline_.status(now);
  if (!status.assigned && now - handed_over_at_ < kAssignmentFollows) return;
  handed_over_at_ = SteadyTime{};
  published_ = now;
  metrics_.pool_tasks("process_message").set(static_cast<double>(workers_->tasks()));
  const uint64_t limit = writers_->insert_limit();
  metrics_.insert_limit_bytes.set(limit == UINT64_MAX ? 0 : static_cast<double>(limit));
  metrics_.pool_tasks("clickhouse").set(static_cast<double>(writers_->tasks()));
  status.statistics_at = source.statistics_at();
  for (PartitionStatus& partition : status.partitions) {
    partition.end = source.end_offset(partition.partition);
    if (!partition.end) continue;
    const Offset done = partition.committed.value_or(partition.position);
    partition.lag = std::max<int64_t>(0, partition.end->value - done.value);
    metrics_.lag(settings_.topic, partition.partition.value).set(static_cast<double>(*partition.lag));
  }
  progress_.observe(status, now, log_);
  status_.set(std::move(status));
}

}  // namespace freshet::stream
