// Workers, writers and producers, and the commands that a turn of the loop passes to them.
#include "flow.h"

#include "stream/batch_requests.h"
#include "stream/message_limits.h"

namespace freshet::flow {

RowLayout RowStyle::layout() const {
  return types == 0 ? RowLayout() : RowLayout{RowFormat::Native, {"row"}, {"Type" + std::to_string(types)}};
}

ProcessResult FateProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload || *message.payload == "skip") return ProcessResult::skip("skip");
  if (*message.payload == "bad") return ProcessResult::invalid("bad", "it says so");
  if (*message.payload == "replace") {
    ProcessResult result;
    result.kind = ProcessResult::Kind::Record;
    result.key = "7";
    result.text = std::to_string(context.partition.value) + ":" + std::to_string(message.offset.value);
    return result;
  }
  const bool typed = layout_.format == RowFormat::Native;
  const bool as_json = typed && message.offset.value % 5 == 0;  // it has no exact form
  rows.append(*message.payload).append(style_.more);
  if (typed && !as_json) rows.append(kTyped).append(layout_.types[0]);
  const bool large = message.offset.value % 16 < 4;
  if (large) rows.append(kLargeRow, ' ');
  rows += '\n';
  ProcessResult result = ProcessResult::rows(1, !large && style_.more.empty() && (!typed || as_json));
  result.json_each_row = as_json;
  result.origin_timestamp_ms = message.timestamp_ms;
  result.usage_label = "spans";
  return result;
}

Flow::Flow(FlowSettings settings, LiveOptions options, bool has_dead_letters, Log& log, std::shared_ptr<Cluster> shared)
    : settings_(std::move(settings)),
      options_(options),
      has_dead_letters_(has_dead_letters),
      log_to_(log),
      metrics_(registry_),
      cluster(std::move(shared)),
      pipeline(settings_, options, has_dead_letters, gate(), metrics_, log, now),
      processor_([this] { return std::make_unique<FateProcessor>(row_style); }, rules()) {
  pipeline.set_clocks(wall, now.time_since_epoch());
  pipeline.consumer_started(consumer_, now);
}

stream::ProcessingRules Flow::rules() const {
  auto rules = stream::ProcessingRules::of(settings_, true, pipeline.gate_needs());
  rules.piece_bytes = kPiece;
  return rules;
}

std::unique_ptr<OffsetGate> Flow::gate() {
  return std::make_unique<snuba_outputs::SideOutputs>(settings_.side_outputs, settings_.topic, settings_.consumer_group,
                                                      "res", registry_, log_to_);
}

FlowSettings Flow::default_settings() {
  FlowSettings settings;
  settings.topic = "t";
  settings.consumer_group = "g";
  return settings;
}

FlowSettings Flow::exactly_once() {
  FlowSettings settings = default_settings();
  settings.delivery = Delivery::ExactlyOnce;
  return settings;
}

FlowSettings Flow::with_side_outputs() {
  FlowSettings settings = default_settings();
  settings.side_outputs = {true, true, true};
  return settings;
}

bool Flow::work(size_t i) {
  if (i >= work_.size()) return false;
  stream::Work one = std::move(work_[i]);
  work_.erase(work_.begin() + static_cast<ptrdiff_t>(i));
  while (!one.chunk.messages.empty()) {
    if (!one.begin_piece()) {
      pipeline.on_handed_back(std::move(one));
      break;
    }
    pipeline.on_processed(processor_.process(one), now);
  }
  turn();
  return true;
}

std::optional<stream::BatchTask> Flow::planned_task(size_t i) const {
  const auto task = std::find_if(again.begin(), again.end(), [&](const stream::BatchTask& one) {
    return one.batch == batches[i] && !one.planned_token.empty();
  });
  return task == again.end() ? std::nullopt : std::optional(*task);
}

Flow::PlannedInsert Flow::planned_insert(const stream::BatchTask& task) {
  check_layouts(stream::BatchRequests(*task.batch).request(task.open.front()));
  PlannedInsert insert;
  insert.token = task.planned_token;
  const stream::BatchMessages messages(*task.batch);
  for (size_t i = task.open.front().begin; i < task.open.front().end; ++i) {
    const ProcessedChunk& chunk = *task.batch->chunks[messages.place(i).chunk];
    const MessageRows& message = messages.at(i);
    if (!insert.refused_row && chunk.rows.compare(message.rows_begin, 7, "refused") == 0) {
      insert.refused_row = insert.messages.size();
    }
    insert.messages.emplace_back(chunk.partition.value, message.offset.value);
  }
  return insert;
}

bool Flow::store(const PlannedInsert& insert) {
  if (insert.refused_row) return false;
  if (tokens_.insert(insert.token).second) table.insert(insert.messages.begin(), insert.messages.end());
  return true;
}

bool Flow::write(size_t i) {
  if (i >= batches.size()) return false;
  if (model_ != nullptr) {
    stream::BatchTask task = task_of(i);
    take_batch(i);
    auto result = write_into_model(std::move(task));
    if (!result) return false;
    pipeline.on_batch(*std::move(result), now);
    turn();
    return true;
  }
  if (const auto task = planned_task(i)) {
    const PlannedInsert insert = planned_insert(*task);
    BatchResult result{take_batch(i), false, {}, 1, {}};
    result.written = store(insert);
    if (!result.written) result.refused = stream::Refusal{false, 27, "cannot parse", insert.refused_row};
    if (result.refused && names_no_row) result.refused->row.reset();
    pipeline.on_batch(std::move(result), now);
    turn();
    return true;
  }
  BatchResult result{take_batch(i), true, {}, 1, {}};
  for (uint32_t c = 0; c < result.batch->chunks.size(); ++c) {
    const ProcessedChunk& chunk = *result.batch->chunks[c];
    for (uint32_t m = 0; m < chunk.messages.size(); ++m) {
      const MessageRows& message = chunk.messages[m];
      if (chunk.rows.compare(message.rows_begin, 7, "refused") == 0) {
        result.rejected.push_back({c, m, 27, "cannot parse"});
      } else {
        table.insert({chunk.partition.value, message.offset.value});
      }
    }
  }
  pipeline.on_batch(std::move(result), now);
  turn();
  return true;
}

bool Flow::block(size_t i, stream::Blocked why) {
  if (i >= batches.size()) return false;
  if (const auto task = planned_task(i)) {
    if (why == stream::Blocked::MaybeStored) store(planned_insert(*task));
    BatchResult result{take_batch(i), false, {}, 1, {}, {}};
    result.blocked.push_back({why, task->open.front(), 1, 395, "while pushing to view d.v"});
    blocked_[result.batch->id] = result.batch;
    pipeline.on_batch(std::move(result), now);
    turn();
    return true;
  }
  BatchResult result{take_batch(i), false, {}, 1, {}, {}};
  size_t messages = 0;
  for (const auto& chunk : result.batch->chunks) {
    messages += chunk->messages.size();
    if (why != stream::Blocked::MaybeStored) continue;
    for (const MessageRows& message : chunk->messages) table.insert({chunk->partition.value, message.offset.value});
  }
  result.blocked.push_back({why, {0, messages}, result.batch->row_count, 395, "while pushing to view d.v"});
  blocked_[result.batch->id] = result.batch;
  pipeline.on_batch(std::move(result), now);
  turn();
  return true;
}

bool Flow::refuse_for_size(size_t i) {
  const auto task = i < batches.size() ? planned_task(i) : std::nullopt;
  if (!task) return false;
  const stream::Piece piece = task->open.front();
  BatchResult result{take_batch(i), false, {}, 1, {}};
  if (piece.end - piece.begin == 1) {
    result.blocked.push_back({stream::Blocked::TooLarge, piece, 1, 241, "too large"});
  } else if (task->maybe_stored) {
    result.blocked.push_back({stream::Blocked::MaybeStored, piece, 1, 241, "too large"});
  } else {
    result.refused = stream::Refusal{true, 241, "too large", {}};
  }
  pipeline.on_batch(std::move(result), now);
  turn();
  return true;
}

bool Flow::expire(size_t i) {
  if (i >= batches.size()) return false;
  BatchResult result{take_batch(i), false, {}, 1, {}};
  result.expired = true;
  pipeline.on_batch(std::move(result), now);
  turn();
  return true;
}

bool Flow::takes_all(size_t i) const {
  return i < batches.size() && std::all_of(batches[i]->chunks.begin(), batches[i]->chunks.end(), [](const auto& chunk) {
           return chunk->rows.find("refused") == std::string::npos;
         });
}

bool Flow::resolve_any(Resolution resolution) {
  for (const int32_t p : owned_) {
    if (pipeline.batch_outcomes().blocks(Partition{p})) return resolve(p, resolution).has_value();
  }
  return false;
}

Result<SkipResult> Flow::resolve(int32_t p, std::optional<Resolution> resolution) {
  auto resolved = pipeline.batch_outcomes().resolve(Partition{p}, resolution, now, commands_);
  const size_t before = again.size();
  turn();
  if (model_ != nullptr) return resolved;  // the tokens recognize what the table has
  // Resolves as a careful operator does: removes the rows from the table before they are sent again.
  for (size_t i = before; i < again.size() && settings_.delivery == Delivery::AtLeastOnce; ++i) {
    for (const auto& chunk : again[i].batch->chunks) {
      for (const MessageRows& message : chunk->messages) {
        const auto stored = table.find({chunk->partition.value, message.offset.value});
        if (stored != table.end()) table.erase(stored);
      }
    }
  }
  return resolved;
}

bool Flow::abandon(size_t i) {
  if (i >= batches.size()) return false;
  pipeline.on_batch({take_batch(i), false, {}, 0, {}}, now);
  turn();
  return true;
}

bool Flow::dead_letter_result(size_t i, const Status& status) {
  if (i >= dead_letters.size()) return false;
  const auto [ticket, at] = dead_letters[i];
  dead_letters.erase(dead_letters.begin() + static_cast<ptrdiff_t>(i));
  if (status) dead.insert(at);
  pipeline.on_dead_letter_result(ticket, status, now);
  turn();
  return true;
}

bool Flow::take_record(SideTopicName topic) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const auto& one) { return one.topic == static_cast<size_t>(topic); });
  if (found == records.end()) return false;
  const GateRecord record = *found;
  records.erase(found);
  written[topic].push_back(*record.record);
  if (topic == SideTopicName::CommitLog) check_commit_log(*record.record);
  if (topic == SideTopicName::Replacements) check_replacement(record);
  pipeline.on_record_result(record.topic, record.ticket, Status(), now);
  turn();
  return true;
}

bool Flow::take_records() {
  bool any = false;
  for (const auto topic : kTopics) {
    while (take_record(topic)) any = true;
  }
  return any;
}

bool Flow::give_back_records(SideTopicName topic, ErrorKind kind) {
  const bool any = give_back(topic, kind);
  turn();
  return any;
}

bool Flow::commit(bool ok, bool for_good) {
  std::set<int32_t> refused;
  if (!ok && commit_) {
    for (const OffsetToCommit& offset : *commit_) refused.insert(offset.partition.value);
  }
  return commit_but(refused, for_good);
}

bool Flow::commit_but(const std::set<int32_t>& refused, bool for_good) {
  if (!commit_) return false;
  CommitResult result;
  for (const OffsetToCommit& offset : *commit_) {
    if (commit_taken_ || (in_group() && !refused.contains(offset.partition.value))) {
      if (!commit_taken_) cluster->take_commit({offset});
      operator_decided.erase(offset.partition.value);
      result.committed.emplace_back(offset.partition, offset.next);
      continue;
    }
    result.error = Error{ErrorKind::Retry, 27, "rebalance in progress"};
    if (for_good) result.void_now.push_back(offset.partition);
  }
  commit_.reset();
  source(std::move(result));
  return true;
}

void Flow::advance(Duration by) {
  now += by;
  wall += by;
  if (model_ != nullptr) writers_clock_.advance(by);
  pipeline.set_clocks(wall, now.time_since_epoch());
  turn();
}

void Flow::turn() {
  pipeline.tick(now, commands_);
  take_commands();
}

void Flow::stop() {
  pipeline.request_stop(now, commands_);
  turn();
}

Result<SkipResult> Flow::skip(int32_t p, int64_t next) {
  auto skipped = pipeline.blocked_partitions().skip(Partition{p}, Offset{next}, now, commands_);
  // After a skip backwards, messages are read, stored and logged again.
  if (skipped && next < logged_this_time_[p]) logged_this_time_[p] = 0;
  turn();
  return skipped;
}

void Flow::settle() {
  for (int i = 0, idle = 0; i < 10'000; ++i) {
    bool moved = false;
    for (auto& [p, log] : log_) moved = deliver(p) || reset_offset(p, low_[p]) || moved;
    while (work()) moved = true;
    moved = report_plans() || moved;
    while (write()) moved = true;
    while (acknowledge()) moved = true;
    moved = take_records() || moved;
    moved = resolve_any(Resolution::Retry) || moved;
    moved = commit() || moved;
    if (closing && !pipeline.closed()) {
      close();
      moved = true;
    }
    advance(milliseconds(500));
    idle = moved ? 0 : idle + 1;
    if (idle > 100) return;  // longer than a batch waits
  }
  FAIL() << "it never comes to rest";
}

void Flow::close() {
  if (!owned_.empty() && revoking_.empty()) revoke({owned_.begin(), owned_.end()});
  if (revoking_.empty()) source(ConsumerClosed{});
}

std::shared_ptr<const SealedBatch> Flow::take_batch(size_t i) {
  auto batch = batches[i];
  batches.erase(batches.begin() + static_cast<ptrdiff_t>(i));
  std::erase_if(again, [&](const stream::BatchTask& task) { return task.batch == batch; });
  return batch;
}

bool Flow::give_back(SideTopicName topic, ErrorKind kind) {
  std::vector<uint64_t> tickets;
  std::erase_if(records, [&](const auto& one) {
    if (one.topic != static_cast<size_t>(topic)) return false;
    tickets.push_back(one.ticket);
    return true;
  });
  for (const uint64_t ticket : tickets) {
    pipeline.on_record_result(static_cast<size_t>(topic), ticket, failure(kind, "not delivered"), now);
  }
  return !tickets.empty();
}

// While batches wait for an operator, what was read is processed chunk by chunk, because nothing else makes room for
// other partitions. A chunk whose batch is blocked, too, stays in memory.
uint64_t Flow::held_by_blocked_batches() {
  std::erase_if(blocked_, [](const auto& one) { return one.second.expired(); });
  uint64_t bytes = 0;
  for (const auto& [id, weak] : blocked_) {
    const auto batch = weak.lock();
    for (const auto& chunk : batch->chunks) bytes += chunk->charge.bytes();
  }
  return bytes;
}

void Flow::take_commands() {
  Commands taken = std::exchange(commands_, Commands());
  const Decisions decisions(taken, paused_, owned_);
  for (auto& one : taken.work) work_.push_back(std::move(one));
  for (auto& one : taken.batches) {
    ASSERT_FALSE(broken) << "written after a failure ended the consumer";
    EXPECT_LE(one->row_count, stream::kMaxInsertRows);
    batches.push_back(std::move(one));
  }
  for (auto& one : taken.again) {
    blocked_.erase(one.batch->id);
    batches.push_back(one.batch);
    again.push_back(std::move(one));
  }
  for (const auto& one : taken.dead_letters) {
    dead_letters.push_back({one.ticket, {one.record->partition.value, one.record->offset.value}});
  }
  for (const auto& one : taken.records) records.push_back(one);
  if (taken.purge_records) {
    for (const auto topic : kTopics) give_back(topic);
  }
  for (const Partition p : taken.pause) paused_.insert(p.value);
  for (const Partition p : taken.resume) paused_.erase(p.value);
  for (const auto& [p, next] : taken.seek) {
    // What is read again is stored and logged again.
    if (next < fetchers_[p.value].cursor.next()) logged_this_time_[p.value] = 0;
    move(p.value, next.value);
  }
  for (const Partition p : taken.refetch) {
    Fetcher& fetcher = fetchers_[p.value];
    if (fetcher.cursor.refetch() && revoking_.empty()) tell_library(fetcher);
  }
  if (!taken.commit.empty()) check_commit(taken.commit);
  if (taken.abandon_batches) {
    while (abandon()) {
    }
  }
  for (const uint64_t id : taken.abandon) {
    for (size_t i = 0; i < batches.size(); ++i) {
      if (batches[i]->id != id) continue;
      abandon(i);
      break;
    }
  }
  if (taken.answer_assign) {
    for (const StartAt& start : *taken.answer_assign) begin_fetching(start);
  }
  if (taken.answer_revoke) {
    for (const int32_t p : revoking_) {
      owned_.erase(p);
      // The broker rejects it from now on, because the generation ended.
      if (commit_) std::erase_if(*commit_, [&](const OffsetToCommit& one) { return one.partition.value == p; });
    }
    revoking_.clear();
    for (auto& [p, fetcher] : fetchers_) tell_library(fetcher);
  }
  closing = closing || taken.begin_close.has_value();
  // Above the limit, an eighth is for what was already read. Beyond that, processing waits, except for one chunk that
  // has begun.
  // Planned inserts are rebuilt without regard to it, one partition at a time.
  const uint64_t replays = settings_.delivery == Delivery::ExactlyOnce ? 3 * settings_.memory_limit : 0;
  EXPECT_LE(pipeline.budget()->held(),
            settings_.memory_limit + settings_.memory_limit / 8 + kOneChunk + replays + held_by_blocked_batches());
}

}  // namespace freshet::flow
