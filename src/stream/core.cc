#include "stream/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/batch_facts.h"
#include "stream/kept.h"

namespace freshet::stream {
namespace {

constexpr size_t kMaxChunkMessages = 256;
constexpr uint64_t kMinRecordCharge = 256;  // what a record of a side topic costs beside its bytes, of which the
                                            // client library has a copy
constexpr Duration kIdle = std::chrono::seconds(1);

}  // namespace

Core::Core(StreamSettings settings, const LiveOptions& options, bool has_dead_letters, std::string cogs_resource,
           StreamMetrics& metrics, Log& log, SteadyTime now)
    : settings_(std::move(settings)),
      options_(options),
      has_dead_letters_(has_dead_letters),
      metrics_(metrics),
      log_(log),
      batcher_(TokenScope{{}, settings_.topic, settings_.consumer_group}),
      desk_(options, now),
      side_(settings_, std::move(cogs_resource), metrics, log),
      batches_(settings_.batch_deadline),
      budget_(std::make_shared<ByteBudget>(settings_.memory_limit)) {
  totals_.topic = settings_.topic;
  totals_.table = settings_.table;
  totals_.consumer_group = settings_.consumer_group;
}

PartitionStream* Core::find(Partition partition) {
  const auto found = streams_.find(partition);
  return found == streams_.end() ? nullptr : &found->second;
}

PartitionStream* Core::find(Partition partition, Epoch epoch) {
  PartitionStream* stream = find(partition);
  return stream != nullptr && stream->epoch == epoch ? stream : nullptr;
}

void Core::remember_kafka_error(std::string text) {
  totals_.last_kafka_error = std::move(text);
  totals_.last_kafka_error_at = wall_;
}

// --- from the source ------------------------------------------------------------------------------------------------

void Core::on_source_event(SourceEvent event, SteadyTime now, Actions& actions) {
  std::visit([&](auto& e) { on_event(e, now, actions); }, event);
}

void Core::on_event(MessageChunk& chunk, SteadyTime now, Actions& actions) {
  PartitionStream* stream = find(chunk.partition);
  // What is not taken here is read again by whoever owns the partition next. A held partition's chunks that were under
  // way are taken: the source does not deliver them twice.
  if (stream == nullptr || stream->revoking || stream->suspended || stream->reached_stop || phase_ != Phase::Running ||
      chunk.messages.empty()) {
    return;
  }
  if (settings_.stop_at_timestamp_ms) {
    const auto beyond = std::find_if(chunk.messages.begin(), chunk.messages.end(), [&](const Message& message) {
      return message.timestamp_ms > *settings_.stop_at_timestamp_ms;
    });
    if (beyond != chunk.messages.end()) {
      stream->reached_stop = true;
      if (!stream->paused) actions.pause.push_back(chunk.partition);
      stream->paused = true;
      for (auto m = beyond; m != chunk.messages.end(); ++m) chunk.bytes -= m->bytes();
      chunk.messages.erase(beyond, chunk.messages.end());
      if (chunk.messages.empty()) return;
    }
  }
  Work work;
  work.epoch = stream->epoch;
  const OffsetRange offsets{chunk.messages.front().offset, chunk.messages.back().offset};
  work.sequence = stream->deliver(offsets);
  work.charge = Charge(budget_, charge_for(chunk));
  last_message_ = now;
  source_trouble_.clear();  // it delivers
  if (!first_message_) first_message_ = now;
  totals_.messages_consumed += chunk.messages.size();
  metrics_.consumed.add(chunk.messages.size());
  work.chunk = std::move(chunk);
  submit(std::move(work), actions);
}

void Core::on_event(CommitResult& result, SteadyTime, Actions&) {
  commit_outstanding_ = false;
  commit_failed_ = result.error.has_value();
  if (revoke_) revoke_->void_commits.insert(result.void_now.begin(), result.void_now.end());
  (result.error ? metrics_.commits_failed : metrics_.commits_ok).add();
  for (const auto& [partition, offset] : result.committed) {
    PartitionStream* stream = find(partition);
    if (stream != nullptr) stream->commits.accepted(offset);
  }
  if (!result.error) return;
  // Not an end: what was refused is sent again with the next commit.
  remember_kafka_error(result.error->text);
  log_.warn("commit_failed", {{"topic", settings_.topic}, {"error", result.error->text}});
  for (auto& [partition, stream] : streams_) {
    const bool accepted = std::any_of(result.committed.begin(), result.committed.end(),
                                      [&, &owned = partition](const auto& entry) { return entry.first == owned; });
    if (!accepted) stream.commits.forget_sent();
  }
}

void Core::on_event(EndOfPartition& end, SteadyTime, Actions& actions) {
  PartitionStream* stream = find(end.partition);
  // While chunks are not taken, an end that lies behind them says nothing: what is before it was not read.
  if (stream == nullptr || stream->revoking || stream->suspended || stream->reached_stop || stream->held() ||
      phase_ != Phase::Running) {
    return;
  }
  reached_end_ = true;
  stream->position = std::max(stream->position, end.end);
  if (!settings_.stop_at_timestamp_ms) return;
  stream->reached_stop = true;
  if (!stream->paused) actions.pause.push_back(end.partition);
  stream->paused = true;
}

void Core::on_event(PartitionOutOfRange& lost, SteadyTime, Actions&) {
  if (PartitionStream* stream = find(lost.partition)) stream->start_held = StartAt::Held::OutOfRange;
}

void Core::on_event(PartitionStuck& stuck, SteadyTime, Actions& actions) {
  PartitionStream* stream = find(stuck.partition);
  if (stream == nullptr) return;
  if (stream->start_held == StartAt::Held::No) stream->start_held = StartAt::Held::NoStart;
  hold(*stream, Hold::Source, stuck.reason, actions);
}

void Core::on_event(PartitionUnreadable& unreadable, SteadyTime, Actions& actions) {
  PartitionStream* stream = find(unreadable.partition);
  if (stream == nullptr) return;
  stream->unreadable_at = unreadable.at;
  hold(*stream, Hold::Unreadable, unreadable.reason, actions);
}

void Core::on_event(PartitionUnstuck& unstuck, SteadyTime, Actions& actions) {
  PartitionStream* stream = find(unstuck.partition);
  if (stream == nullptr) return;
  // It is on its way out, and what it would still commit lies before what is committed by now.
  if (stream->revoking || stream->suspended) return forget(*stream, &actions);
  if (unstuck.start < stream->position) {
    const bool paused = stream->paused;
    forget(*stream, &actions);
    stream = &begin_stream(unstuck.partition, unstuck.start);
    stream->paused = paused;
    stream->holds.push_back({Hold::Source, ""});
  }
  stream->position = unstuck.start;
  stream->start_held = StartAt::Held::No;
  stream->commits.known(unstuck.start);
  source_trouble_.clear();
  unhold(*stream, Hold::Source, actions);
}

// --- from the pools -------------------------------------------------------------------------------------------------

void Core::submit(Work work, Actions& actions) {
  ++at_work_;
  actions.work.push_back(std::move(work));
}

void Core::on_handed_back(Work work) {
  --at_work_;
  handed_back_.push_back(std::move(work));
}

// Without further rows: what is on its way to a server will be there at some time. A blocked batch waits for a person.
bool Core::anything_makes_room() const {
  return at_work_ > 0 || batches_.active() > 0 || !batcher_.empty() || !desk_.empty() || !side_.empty();
}

void Core::submit_what_waits(Actions& actions) {
  std::erase_if(handed_back_, [&](const Work& work) {
    return find(work.chunk.partition, work.epoch) == nullptr || (stopping() && phase_ != Phase::Running);
  });
  for (Work& work : std::exchange(handed_back_, {})) {
    if (work.charge.has_room()) {
      submit(std::move(work), actions);
    } else {
      handed_back_.push_back(std::move(work));
    }
  }
  // While the session closes no rows enter a batch: what is processed would only take more memory.
  if (phase_ != Phase::Running || handed_back_.empty() || anything_makes_room()) return;
  // The first of a partition whose rows may enter a batch: rows of those behind it leave after its own.
  auto first = handed_back_.end();
  for (auto work = handed_back_.begin(); work != handed_back_.end(); ++work) {
    const PartitionStream& stream = *find(work->chunk.partition);
    if (stream.suspended || stream.revoking) continue;
    const auto place = [](const Work& one) { return std::pair(one.chunk.partition, one.sequence); };
    if (first == handed_back_.end() || place(*work) < place(*first)) first = work;
  }
  if (first == handed_back_.end()) return;
  first->must = true;
  submit(std::move(*first), actions);
  handed_back_.erase(first);
}

void Core::on_processed(std::shared_ptr<const ProcessedChunk> chunk, SteadyTime now, Actions& actions) {
  if (!chunk->rest_follows) --at_work_;
  PartitionStream* stream = find(chunk->partition, chunk->epoch);
  // When it stops, what was not in a batch yet is read again by whoever comes next.
  if (stream == nullptr || (stopping() && phase_ != Phase::Running)) return;
  std::vector<PartitionStream::Chunk> in_order;
  for (const auto& letter : chunk->invalid) {
    if (letter->silenced) continue;
    if (letter->payload) metrics_.invalid.add();
    log_.debug("message_invalid", {{"reason", letter->reason}});
  }
  stream->processed(std::move(chunk), in_order);
  for (PartitionStream::Chunk& next : in_order) {
    if (next->skipped_count > 0) {
      totals_.skipped += next->skipped_count;
      metrics_.skipped.add(next->skipped_count);
    }
    for (const auto& letter : next->invalid) add_letter(letter, *stream, actions);
    for (const Replacement& replacement : next->replacements) {
      const uint64_t bytes = 2 * (replacement.key.size() + replacement.value.size()) + kMinRecordCharge;
      side_.add_replacement(stream->partition, stream->epoch, replacement, Charge(budget_, bytes));
    }
    if (!next->covered) continue;
    if (stream->revoking || stream->suspended || phase_ != Phase::Running) {
      stream->parked.push_back({std::move(next), now});
    } else {
      batcher_.add({std::move(next), now});
    }
  }
}

void Core::on_batch(BatchResult result, SteadyTime now, Actions& actions) {
  if (!result.blocked.empty()) return block_batch(std::move(result), now, actions);
  const SealedBatch& batch = *result.batch;
  batches_.finish(batch.id);
  for (const Part& part : batch.parts) {
    if (PartitionStream* stream = find(part.partition, part.epoch)) --stream->batches;
  }
  if (batch.row_count > 0 && result.inserts > 0) {
    metrics_.batch_write_seconds(result.written).observe(std::chrono::duration<double>(result.took).count());
  }
  if (!result.written) return;
  unhold_written(batch, actions);
  uint64_t rows = batch.row_count;
  uint64_t bytes = batch.row_bytes;
  std::vector<std::vector<Offset>> refused(batch.chunks.size());
  for (const RefusedMessage& message : result.refused) {
    const MessageRows& lost = batch.chunks[message.chunk]->messages[message.message];
    refused[message.chunk].push_back(lost.offset);
    rows -= lost.row_count;
    bytes -= lost.rows_size;
  }
  count_written(batch, rows, bytes, now);
  for (size_t c = 0; c < batch.chunks.size(); ++c) {
    PartitionStream* stream = find(batch.chunks[c]->partition, batch.chunks[c]->epoch);
    if (stream != nullptr) stream->rows_refused(batch.chunks[c]->sequence, refused[c]);
  }
  SideOutputs::Finished finished;
  side_.batch_stored(result.batch, wall_, finished);
  finish_stored(finished);
  for (const RefusedMessage& message : result.refused) {
    const ProcessedChunk& chunk = *batch.chunks[message.chunk];
    PartitionStream* stream = find(chunk.partition, chunk.epoch);
    if (stream == nullptr) continue;
    auto letter = std::make_shared<DeadLetter>(unkeep(chunk, chunk.messages[message.message], settings_.topic));
    letter->reason_code = "refused_by_table";
    letter->reason = fmt::format("ClickHouse refuses the row (code {}): {}", message.code, message.text);
    letter->charge = Charge(budget_, letter->bytes());
    add_letter(std::move(letter), *stream, actions);
  }
}

void Core::finish_stored(const SideOutputs::Finished& finished) {
  for (const auto& part : finished.parts) {
    PartitionStream* stream = find(part.partition, part.epoch);
    if (stream == nullptr) continue;  // stored, but somebody else commits it: it is read and stored again
    for (const uint64_t chunk : part.chunks) stream->batch_finished(chunk);
  }
  for (const auto& replacement : finished.replacements) {
    PartitionStream* stream = find(replacement.partition, replacement.epoch);
    if (stream == nullptr) continue;
    stream->replacement_finished(replacement.offset);
  }
}

void Core::on_record_result(SideTopicName topic, uint64_t ticket, const Status& status, SteadyTime now,
                            Actions& actions) {
  SideOutputs::Finished finished;
  side_.result(topic, ticket, status, now, finished);
  if (!status) remember_kafka_error(status.error().text);
  finish_stored(finished);
  for (const auto& replacement : finished.replacements) {
    PartitionStream* stream = find(replacement.partition, replacement.epoch);
    if (stream != nullptr) unhold(*stream, Hold::Refused, actions);
  }
  if (!finished.refused) return;
  if (PartitionStream* stream = find(finished.refused->partition, finished.refused->epoch)) {
    hold(*stream, Hold::Refused,
         fmt::format("the replacement of offset {} is refused by its topic, and tried again each second: {}",
                     finished.refused->offset.value, status.error().text),
         actions);
  }
}

void Core::count_written(const SealedBatch& batch, uint64_t rows, uint64_t bytes, SteadyTime now) {
  count_facts(batch, wall_, metrics_);
  if (settings_.accepted_outcomes) count_outcome_latency(batch, "produce", wall_, metrics_);
  if (batch.row_count == 0) return;
  if (totals_.batches_written == 0) {
    log_.info("first_batch_stored",
              {{"topic", settings_.topic}, {"table", settings_.table}, {"rows", rows}, {"bytes", bytes}});
  }
  totals_.rows_written += rows;
  totals_.bytes_written += bytes;
  ++totals_.batches_written;
  metrics_.rows.add(rows);
  metrics_.bytes.add(bytes);
  metrics_.batches.add();
  batcher_.recover(now);
  metrics_.batch_slowdown.set(batcher_.slowed());
}

void Core::on_insert_failure(uint64_t batch, const InsertFailure& failure, SteadyTime now) {
  totals_.last_insert_error = failure.text;
  totals_.last_insert_error_at = wall_;
  batches_.failed(batch, failure, settings_.accepted_outcomes ? "Kafka" : "ClickHouse");
  if (failure.held) {
    log_.error("batch_held", {{"topic", settings_.topic},
                              {"spans", batches_.spans(batch)},
                              {"code", failure.code},
                              {"reason", failure.text}});
  }
  if (failure.failure_class != InsertFailure::Class::Overload) return;
  batcher_.slow_down(now);
  metrics_.batch_slowdown.set(batcher_.slowed());
}

// --- time -----------------------------------------------------------------------------------------------------------

void Core::set_options(const LiveOptions& options, SteadyTime now) {
  options_ = options;
  desk_.set_limit(options, now);
}

void Core::tick(SteadyTime now, Actions& actions) {
  check_suspended(now, actions);
  abandon_orphans(actions);
  batches_.say_overdue(now, settings_.topic, log_);
  metrics_.batches_overdue.set(static_cast<double>(batches_.overdue(now)));
  if (phase_ == Phase::Closed) return;
  if (phase_ == Phase::Running) {
    for (const uint64_t batch : batches_.due_again(now)) write_again(batch, actions);
  }
  send_letters(now, actions);
  seal_batches(now, actions);
  side_.take_sendable(now, wall_, actions.records);
  push_back_or_go_on(actions);
  submit_what_waits(actions);
  advance_revoke(now, actions);
  if (settings_.stop_at_timestamp_ms) check_stop_condition(now, actions);
  if (phase_ == Phase::Draining) advance_drain(now, actions);
  commit_what_can_be(now, actions);
  if (phase_ == Phase::Closing && now >= close_deadline_) {
    log_.warn("close_took_too_long", {{"topic", settings_.topic}, {"session", session_}});
    if (stopping()) actions.abandon_batches = true;  // else their streams may go on in the next session
    end_session(now);
  }
  say_holds(now);
  update_gauges();
}

void Core::send_letters(SteadyTime now, Actions& actions) {
  std::vector<DeadLetterDesk::Held> held;
  desk_.take_sendable(now, actions.letters, held);
  apply_holds(held, actions);
  if (desk_.flooded()) return;
  for (auto& [partition, stream] : streams_) {
    unhold(stream, Hold::Flood, actions);
  }
}

// Everything is paused, and no batch that is being written makes room: what waits is all there will be.
bool Core::no_more_rows_come() const {
  // What was handed back comes once there is room, which only the rows that wait here can make.
  const bool all_wait = at_work_ == 0 && std::none_of(handed_back_.begin(), handed_back_.end(),
                                                      [](const Work& work) { return work.charge.has_room(); });
  return batches_.active() == 0 && all_wait && std::all_of(streams_.begin(), streams_.end(), [](const auto& entry) {
           return entry.second.suspended || entry.second.paused;
         });
}

void Core::seal_batches(SteadyTime now, Actions& actions) {
  if (!may_seal()) return;
  const size_t slots = size_t{2} * options_.clickhouse_concurrency;
  const bool flush = phase_ == Phase::Draining;
  while (!batcher_.empty() &&
         (flush || (batches_.active() < slots && batcher_.due(options_, now, no_more_rows_come())))) {
    seal_one(now, actions);
  }
}

void Core::seal_one(SteadyTime now, Actions& actions) {
  metrics_.batch_age_seconds.observe(std::chrono::duration<double>(now - batcher_.oldest()).count());
  std::shared_ptr<const SealedBatch> batch = batcher_.seal(options_);
  if (settings_.accepted_outcomes) count_outcome_latency(*batch, "flush", wall_, metrics_);
  for (const Part& part : batch->parts) {
    if (PartitionStream* stream = find(part.partition, part.epoch)) ++stream->batches;
  }
  side_.batch_sealed(*batch);
  batches_.add(batch, now);
  if (batch->row_count == 0) return on_batch({std::move(batch), true, {}, 0, {}}, now, actions);  // nothing to insert
  actions.batches.push_back(std::move(batch));
}

void Core::push_back_or_go_on(Actions& actions) {
  if (phase_ != Phase::Running) return;
  if (!pushing_back_ && budget_->held() > budget_->limit()) {
    pushing_back_ = true;
    metrics_.backpressure(settings_.accepted_outcomes ? "outcomes" : "rows").add();
    for (auto& [partition, stream] : streams_) {
      if (stream.suspended) continue;
      if (!stream.paused) actions.pause.push_back(partition);
      stream.paused = true;
    }
  } else if (pushing_back_ && budget_->held() < budget_->limit() / 2) {
    pushing_back_ = false;
    for (auto& [partition, stream] : streams_) {
      if (stream.held() || stream.reached_stop || stream.revoking || stream.suspended) continue;
      stream.paused = false;
      actions.resume.push_back(partition);
    }
  }
}

// Not a partition that is not ours any more, nor one that the broker has refused while it is being taken away.
bool Core::may_commit(const PartitionStream& stream) const {
  if (stream.suspended) return false;
  return !stream.revoking || !revoke_ || !(revoke_->lost || revoke_->void_commits.contains(stream.partition));
}

bool Core::anything_to_commit() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [&](const auto& entry) { return may_commit(entry.second) && entry.second.wants_commit(); });
}

std::optional<SteadyTime> Core::commit_due() const {
  if (commit_outstanding_ || commits_wait() || !anything_to_commit()) return std::nullopt;
  return last_commit_ + settings_.commit_interval;
}

void Core::commit_what_can_be(SteadyTime now, Actions& actions) {
  if (commit_outstanding_ || commits_wait() || phase_ == Phase::Closed || !actions.commit.empty()) return;
  const bool at_once = !commit_failed_ && (phase_ == Phase::Draining || (revoke_ && !revoke_->lost));
  if (!at_once && now < last_commit_ + settings_.commit_interval) return;
  for (auto& [partition, stream] : streams_) {
    if (!may_commit(stream) || !stream.wants_commit()) continue;
    const Offset next = stream.committable();
    actions.commit.push_back({partition, next, {}});
    stream.commits.sent(next);
  }
  if (actions.commit.empty()) return;
  commit_outstanding_ = true;
  last_commit_ = now;
}

// --- stop condition -------------------------------------------------------------------------------------------------

void Core::check_stop_condition(SteadyTime now, Actions& actions) {
  // While a renewal holds commits the end waits for it: a drain must be able to commit.
  if (phase_ != Phase::Running || !assigned_ || streams_.empty() || commits_held_) return;
  const bool reached = std::all_of(streams_.begin(), streams_.end(), [](const auto& entry) {
    return entry.second.reached_stop && !entry.second.suspended;
  });
  if (!reached) return;
  // What was delivered must have become rows before the drain, which drops what is unprocessed.
  const bool processed =
      std::all_of(streams_.begin(), streams_.end(), [](const auto& entry) { return entry.second.all_processed(); });
  if (processed) begin_drain(End::Finished, now, actions);
}

// --- picture --------------------------------------------------------------------------------------------------------

SteadyTime Core::next_deadline(SteadyTime now) const {
  SteadyTime next = now + kIdle;
  const auto consider = [&](std::optional<SteadyTime> at) {
    if (at) next = std::min(next, *at);
  };
  consider(suspended_until_);
  if (phase_ == Phase::Closed) return std::max(next, now);  // all else waits for the next session
  if (may_seal() && batches_.active() < size_t{2} * options_.clickhouse_concurrency)
    consider(batcher_.due_at(options_, no_more_rows_come()));
  consider(commit_due());
  if (phase_ == Phase::Running) consider(batches_.next_again());
  consider(desk_.next_deadline());
  consider(side_.next_deadline());
  if (revoke_) consider(revoke_->deadline);
  if (phase_ == Phase::Draining) consider(abandoned_at_ ? last_commit_deadline() : write_deadline_);
  if (phase_ == Phase::Closing) consider(close_deadline_);
  return std::max(next, now);
}

size_t Core::max_chunk_messages() const {
  return static_cast<size_t>(std::min<uint64_t>(kMaxChunkMessages, options_.max_batch_rows));
}

void Core::update_gauges() {
  size_t held = 0;
  size_t paused = 0;
  size_t owned = 0;
  for (const auto& [partition, stream] : streams_) {
    if (stream.suspended) continue;
    ++owned;
    if (stream.held()) {
      ++held;
    } else if (stream.paused) {
      ++paused;
    }
  }
  metrics_.in_flight_bytes.set(static_cast<double>(budget_->held()));
  metrics_.batches_in_flight.set(static_cast<double>(batches_.active()));
  metrics_.batches_blocked.set(static_cast<double>(batches_.blocked_count()));
  metrics_.partitions_assigned.set(static_cast<double>(owned));
  metrics_.partitions_held.set(static_cast<double>(held));
  metrics_.partitions_paused.set(static_cast<double>(paused));
}

SessionFacts Core::facts() const {
  SessionFacts facts;
  facts.commit_outstanding = commit_outstanding_;
  facts.ending = ending();
  facts.revoking = drains_revoke();
  facts.last_message = last_message_;
  facts.first_message = first_message_;
  facts.reached_end = reached_end_;
  return facts;
}

StreamStatus Core::status(SteadyTime now) const {
  StreamStatus status = totals_;
  for (const auto& [partition, stream] : streams_) {
    if (stream.suspended) continue;
    PartitionStatus one;
    one.partition = partition;
    one.position = stream.position;
    one.committed = stream.commits.acknowledged();
    one.paused = stream.paused;
    if (stream.held()) one.held = stream.holds.front().reason;
    status.partitions.push_back(std::move(one));
  }
  status.assigned = assigned_;
  status.draining = phase_ == Phase::Draining || phase_ == Phase::Closing;
  status.batches_in_flight = batches_.size();
  status.in_flight_bytes = budget_->held();
  if (std::string unstored = batches_.trouble(now); !unstored.empty()) {
    status.waiting_for = std::move(unstored);
  } else if (!source_trouble_.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", source_trouble_);
  } else if (const std::string letters = desk_.trouble(now); !letters.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", letters);
  } else if (const std::string records = side_.trouble(now); !records.empty()) {
    status.waiting_for = fmt::format("Kafka: {}", records);
  }
  status.session = session_;
  status.generation = generation_;
  status.session_age_seconds = std::chrono::duration<double>(now - session_began_).count();
  return status;
}

}  // namespace freshet::stream
