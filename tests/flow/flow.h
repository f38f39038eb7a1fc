// The stream's Pipeline with a broker, workers, writers and a dead-letter topic made of plain lists, on one thread and
// with a clock of its own: a test, or chance, decides what happens next. Every commit is checked against what was
// promised.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "decisions.h"
#include "kafka/partition_cursor.h"
#include "snuba_outputs/side_outputs.h"
#include "stream/pipeline.h"
#include "stream/processing.h"

namespace freshet::flow {

using snuba_outputs::SideTopicName;
using std::chrono::milliseconds;
using std::chrono::seconds;
using stream::BatchResult;
using stream::Commands;
using stream::End;

// A message's fate is written in its payload: "row", "bad" (invalid), "skip", "replace" (to the replacements topic);
// "refused" is a row that the table refuses. Some rows are much larger than their messages.
constexpr size_t kLargeRow = 3'000;
constexpr uint64_t kPiece = 5'000;
constexpr uint64_t kOneChunk = 40'000;  // with all that its messages become
class FateProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  Verdict process(const MessageContext& context, const Message& message, std::string& rows) override {
    if (!message.payload || *message.payload == "skip") return Verdict::skip("skip");
    if (*message.payload == "bad") return Verdict::invalid("bad", "it says so");
    if (*message.payload == "replace") {
      Verdict verdict;
      verdict.kind = Verdict::Kind::Record;
      verdict.key = "7";
      verdict.text = std::to_string(context.partition.value) + ":" + std::to_string(message.offset.value);
      return verdict;
    }
    rows.append(*message.payload);
    const bool large = message.offset.value % 16 < 4;
    if (large) rows.append(kLargeRow, ' ');
    rows += '\n';
    Verdict verdict = Verdict::rows(1, !large);
    verdict.origin_timestamp_ms = message.timestamp_ms;
    verdict.usage_label = "spans";
    return verdict;
  }

 private:
  RowLayout layout_;
};

// With what Snuba's consumers write beside the rows, as a gate that offsets wait for.
struct FlowSettings : stream::StreamSettings {
  FlowSettings() = default;
  FlowSettings(stream::StreamSettings settings) : stream::StreamSettings(std::move(settings)) {}  // NOLINT
  snuba_outputs::SideOutputSettings side_outputs;
};

class Flow {
 public:
  explicit Flow(FlowSettings settings = default_settings(), LiveOptions options = {}, bool has_letters = true,
                Log& log = null_log())
      : settings_(std::move(settings)),
        options_(options),
        has_letters_(has_letters),
        log_to_(log),
        metrics_(registry_),
        pipeline(settings_, options, has_letters, gate(), metrics_, log, now),
        processor_([] { return std::make_unique<FateProcessor>(); }, rules()) {
    pipeline.set_wall_clock(wall);
    pipeline.begin_session(1, now);
  }

  stream::ProcessingRules rules() const {
    auto rules = stream::ProcessingRules::of(settings_, true, pipeline.gate_needs());
    rules.piece_bytes = kPiece;
    return rules;
  }
  std::unique_ptr<OffsetGate> gate() {
    return std::make_unique<snuba_outputs::SideOutputs>(settings_.side_outputs, settings_.topic,
                                                        settings_.consumer_group, "res", registry_, log_to_);
  }
  static FlowSettings default_settings() {
    FlowSettings settings;
    settings.topic = "t";
    settings.consumer_group = "g";
    return settings;
  }
  static FlowSettings with_side_outputs() {
    FlowSettings settings = default_settings();
    settings.side_outputs = {true, true, true};
    return settings;
  }

  // --- the broker -------------------------------------------------------------------------------------------------
  void produce(int32_t partition, const std::string& fate, int count = 1, int64_t timestamp_ms = 0) {
    for (int i = 0; i < count; ++i) log_[partition].push_back({fate, timestamp_ms});
  }
  void assign(std::vector<int32_t> partitions) {
    PartitionsAssigned event;
    for (const int32_t p : partitions) {
      logged_this_time_[p] = 0;
      owned_.insert(p);
      paused_.erase(p);
      operator_decided.erase(p);
      event.partitions.push_back({Partition{p}, Offset{committed_[p]}, ""});
    }
    event.generation = ++generation_;
    source(std::move(event));
  }
  void revoke(std::vector<int32_t> partitions, bool lost = false) {
    while (lost && commit(false)) {  // the broker refuses the commits of a member that it has thrown out
    }
    PartitionsRevoked event;
    for (const int32_t p : partitions) event.partitions.push_back(Partition{p});
    event.lost = lost;
    revoking_ = std::set<int32_t>(partitions.begin(), partitions.end());
    revoke_lost_ = lost;
    source(std::move(event));
  }
  // The next session has the membership of the last; a commit under way may have arrived or not.
  void hand_over(bool commit_arrived = true) {
    if (commit_ && commit_arrived) {
      for (const OffsetToCommit& offset : *commit_) committed_[offset.partition.value] = offset.next.value;
    }
    commit_.reset();
    pipeline.hand_over(now);
    EXPECT_TRUE(pipeline.closed());
    EXPECT_EQ(pipeline.end(), End::Renewed);
    begin_next_session();
    PartitionsAssigned event;
    for (const int32_t p : owned_) event.partitions.push_back({Partition{p}, Offset{-1}, ""});
    event.generation = generation_;
    event.continues = true;
    source(std::move(event));
  }
  void leave() {
    pipeline.leave(now, commands_);
    turn();
  }
  // The client has the membership, but a rebalance came with it: its assignment comes as an event.
  void hand_over_into_a_rebalance() {
    pipeline.hand_over(now);
    begin_next_session();
    lose_everything();
  }
  // The process ends as it is, and the next one begins. What it had under way may have arrived all the same.
  void restart(const std::function<bool()>& arrives) {
    for (size_t i = 0; i < batches.size(); ++i) {
      if (!arrives()) continue;
      for (const auto& chunk : batches[i]->chunks) {
        for (const MessageRows& message : chunk->messages) {
          if (chunk->rows.compare(message.rows_begin, 7, "refused") != 0)
            table.insert({chunk->partition.value, message.offset.value});
        }
      }
    }
    for (const auto& [ticket, at] : letters) {
      if (arrives()) dead.insert(at);
    }
    if (commit_ && arrives()) {
      for (const OffsetToCommit& offset : *commit_) committed_[offset.partition.value] = offset.next.value;
    }
    batches.clear();
    letters.clear();
    records.clear();
    work_.clear();
    owned_.clear();
    commands_ = Commands();
    std::destroy_at(&pipeline);
    std::construct_at(&pipeline, settings_, options_, has_letters_, gate(), metrics_, log_to_, now);
    pipeline.set_wall_clock(wall);
    begin_next_session();
  }
  // The client of a broken session is gone, and with it the answers to what it was asked.
  void breaks(bool fenced) {
    source(SourceFault{{ErrorKind::Renew, 1, "fatal"}, false, fenced});
    begin_next_session();
    lose_everything();
  }
  void refetch(int32_t p) {
    pipeline.refetch({Partition{p}}, commands_);
    turn();
  }
  void set_options(const LiveOptions& options) {
    pipeline.set_options(options, now);
    turn();
  }
  void begin_next_session() {
    pipeline.begin_session(++session_, now);
    revoking_.clear();
    paused_.clear();
    commit_.reset();
    closing = false;
  }
  // Another member has the partition meanwhile: it stores and commits up to `next`, and stores up to `stored` beyond
  // it.
  void consumed_elsewhere(int32_t p, int64_t next, int64_t stored) {
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
  void set_committed(int32_t p, int64_t next) { committed_[p] = next; }
  // The broken session's client owned it all; the next one owns nothing yet.
  void lose_everything() { owned_.clear(); }
  bool produced(int32_t p) const { return log_.contains(p); }
  int64_t end(int32_t p) { return static_cast<int64_t>(log_[p].size()); }
  const std::string& fate(int32_t p, int64_t offset) const { return log_.at(p)[static_cast<size_t>(offset)].fate; }
  uint64_t left(int32_t p) { return log_[p].size() - static_cast<uint64_t>(committed_[p]); }
  bool revoke_waits() const { return !revoking_.empty(); }
  bool is_revoking(int32_t p) const { return revoking_.contains(p); }

  // Delivers up to `count` messages of the partition, in one chunk, if it is owned and not paused.
  bool deliver(int32_t p, int64_t count = 100) {
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
  // The source finds no start that the policy allows.
  void stick(int32_t p) {
    fetchers_[p].cursor.stop(Cursor::State::OffsetMissing, now);
    source(NoValidOffset{Partition{p}, OffsetState::Missing, "no start"});
  }
  // The source goes on at `next`, which is what the group has committed, and tells. While a revoke waits for its answer
  // the library reads on where it was.
  void unstick(int32_t p, int64_t next) {
    if (next < fetchers_[p].cursor.next().value) logged_this_time_[p] = 0;
    move(p, next);
    source(ValidOffset{Partition{p}, Offset{next}});
  }
  // The broker deletes what lies below `low`, and says so to who reads there.
  bool fall_out_of_range(int32_t p, int64_t low) {
    Fetcher& fetcher = fetchers_[p];
    low_[p] = std::max(low_[p], low);
    if (!fetcher.cursor.speaks_of_us() || fetcher.library_at >= low_[p]) return false;
    fetcher.cursor.stop(Cursor::State::OutOfRange, now);
    source(NoValidOffset{Partition{p}, OffsetState::OutOfRange, ""});
    return true;
  }
  // The reset policy chose `start`, which is committed; what lies below it is nobody's any more. Not before the commit
  // is answered that was under way.
  bool reset_offset(int32_t p, int64_t start) {
    if (!owned_.contains(p) || fetchers_[p].cursor.state() != Cursor::State::OutOfRange || commit_) return false;
    low_[p] = std::max(low_[p], start);
    committed_[p] = low_[p];
    unstick(p, low_[p]);
    return true;
  }
  int64_t low(int32_t p) { return low_[p]; }
  // The end as the library sees it; it tells once it has read so far.
  void end_of(int32_t p) {
    Fetcher& fetcher = fetchers_[p];
    const auto end = static_cast<int64_t>(log_[p].size());
    if (fetcher.cursor.speaks_of_us()) source(EndOfPartition{Partition{p}, Offset{end}});
  }
  bool library_is_at_end(int32_t p) {
    return owned_.contains(p) && !paused_.contains(p) && fetchers_[p].library_at == end(p);
  }
  void source(SourceEvent event) {
    pipeline.on_source_event(std::move(event), now, commands_);
    turn();
  }

  // --- workers, writers, dead letters, commits --------------------------------------------------------------------
  bool work(size_t i = 0) {
    if (i >= work_.size()) return false;
    stream::Work one = std::move(work_[i]);
    work_.erase(work_.begin() + static_cast<ptrdiff_t>(i));
    while (!one.chunk.messages.empty()) {
      if (!one.charge.has_room() && !std::exchange(one.must, false)) {
        pipeline.on_handed_back(std::move(one));
        break;
      }
      pipeline.on_processed(processor_.process(one), now);
    }
    turn();
    return true;
  }
  // Stores the batch, all but its refused rows.
  bool write(size_t i = 0) {
    if (i >= batches.size()) return false;
    BatchResult result{take_batch(i), true, {}, 1, {}};
    for (uint32_t c = 0; c < result.batch->chunks.size(); ++c) {
      const ProcessedChunk& chunk = *result.batch->chunks[c];
      for (uint32_t m = 0; m < chunk.messages.size(); ++m) {
        const MessageRows& message = chunk.messages[m];
        if (chunk.rows.compare(message.rows_begin, 7, "refused") == 0) {
          result.refused.push_back({c, m, 27, "cannot parse"});
        } else {
          table.insert({chunk.partition.value, message.offset.value});
        }
      }
    }
    pipeline.on_batch(std::move(result), now);
    turn();
    return true;
  }
  // The table took the rows of the batch, and its answer was the error of a view.
  bool block(size_t i = 0, stream::Blocked why = stream::Blocked::MaybeStored) {
    if (i >= batches.size()) return false;
    BatchResult result{take_batch(i), false, {}, 1, {}, {}};
    size_t messages = 0;
    for (const auto& chunk : result.batch->chunks) {
      messages += chunk->messages.size();
      if (why != stream::Blocked::MaybeStored) continue;
      for (const MessageRows& message : chunk->messages) table.insert({chunk->partition.value, message.offset.value});
    }
    result.blocked.push_back({why, {0, messages}, result.batch->row_count, 395, "while pushing to view d.v"});
    pipeline.on_batch(std::move(result), now);
    turn();
    return true;
  }
  // Whether the table would refuse none of the batch's rows, so that a view can fail behind it.
  bool takes_all(size_t i) const {
    return i < batches.size() &&
           std::all_of(batches[i]->chunks.begin(), batches[i]->chunks.end(),
                       [](const auto& chunk) { return chunk->rows.find("refused") == std::string::npos; });
  }
  bool resolve_any(Resolution resolution) {
    for (const int32_t p : owned_) {
      if (pipeline.is_blocked_by_batch(Partition{p})) return resolve(p, resolution).has_value();
    }
    return false;
  }
  Result<SkipResult> resolve(int32_t p, std::optional<Resolution> resolution) {
    auto resolved = pipeline.resolve(Partition{p}, resolution, now, commands_);
    const size_t before = again.size();
    turn();
    // A careful operator: the rows are not there, or not any more.
    for (size_t i = before; i < again.size(); ++i) {
      for (const auto& chunk : again[i].batch->chunks) {
        for (const MessageRows& message : chunk->messages) {
          const auto stored = table.find({chunk->partition.value, message.offset.value});
          if (stored != table.end()) table.erase(stored);
        }
      }
    }
    return resolved;
  }
  bool abandon(size_t i = 0) {
    if (i >= batches.size()) return false;
    pipeline.on_batch({take_batch(i), false, {}, 0, {}}, now);
    turn();
    return true;
  }
  bool acknowledge(size_t i = 0) { return letter(i, Status()); }
  bool letter(size_t i, const Status& status) {
    if (i >= letters.size()) return false;
    const auto [ticket, at] = letters[i];
    letters.erase(letters.begin() + static_cast<ptrdiff_t>(i));
    if (status) dead.insert(at);
    pipeline.on_letter_result(ticket, status, now);
    turn();
    return true;
  }
  // The topic takes the oldest record that it was handed.
  bool take_record(SideTopicName topic) {
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
  bool take_records() {
    bool any = false;
    for (const auto topic : kTopics) {
      while (take_record(topic)) any = true;
    }
    return any;
  }
  // All that the topic's producer holds comes back.
  bool give_back_records(SideTopicName topic, ErrorKind kind = ErrorKind::Retry) {
    const bool any = give_back(topic, kind);
    turn();
    return any;
  }
  bool commit(bool ok = true, bool for_good = false) {
    std::set<int32_t> refused;
    if (!ok && commit_) {
      for (const OffsetToCommit& offset : *commit_) refused.insert(offset.partition.value);
    }
    return commit_but(refused, for_good);
  }
  // The broker refuses the offsets of these partitions, now or also whenever they come again.
  bool commit_but(const std::set<int32_t>& refused, bool for_good) {
    if (!commit_) return false;
    CommitResult result;
    for (const OffsetToCommit& offset : *commit_) {
      if (!refused.contains(offset.partition.value)) {
        committed_[offset.partition.value] = offset.next.value;
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

  void advance(Duration by) {
    now += by;
    wall += by;
    pipeline.set_wall_clock(wall);
    turn();
  }
  void turn() {
    pipeline.tick(now, commands_);
    take_commands();
  }
  void stop() {
    pipeline.request_stop(now, commands_);
    turn();
  }
  Result<SkipResult> skip(int32_t p, int64_t next) {
    auto released = pipeline.skip(Partition{p}, Offset{next}, now, commands_);
    // Who goes back reads, stores and logs again.
    if (released && next < logged_this_time_[p]) logged_this_time_[p] = 0;
    turn();
    return released;
  }

  // Lets everything succeed until nothing moves any more.
  void settle() {
    for (int i = 0, idle = 0; i < 10'000; ++i) {
      bool moved = false;
      for (auto& [p, log] : log_) moved = deliver(p) || reset_offset(p, low_[p]) || moved;
      while (work()) moved = true;
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
      if (idle > 100) return;  // longer than any batch waits
    }
    FAIL() << "it never comes to rest";
  }
  // The library answers a close: it asks back for what is owned, then says that it is closed.
  void close() {
    if (!owned_.empty() && revoking_.empty()) revoke({owned_.begin(), owned_.end()});
    if (revoking_.empty()) source(SessionClosed{});
  }

  // Every message was stored, dead-lettered or skipped, and all of it is committed.
  void expect_complete() const {
    for (const auto& [p, log] : log_) {
      for (size_t offset = 0; offset < log.size(); ++offset) {
        ASSERT_TRUE(accounted(p, static_cast<int64_t>(offset))) << "lost: partition " << p << " offset " << offset;
      }
      const auto found = committed_.find(p);
      ASSERT_TRUE(found != committed_.end() && found->second == static_cast<int64_t>(log.size())) << "partition " << p;
    }
  }
  void expect_exactly_once() const {
    for (const auto* side : {&table, &dead}) {
      for (const auto& at : *side) EXPECT_EQ(side->count(at), 1u) << at.first << ":" << at.second;
    }
  }

  int64_t committed(int32_t p) { return committed_[p]; }
  StreamStatus status() const { return pipeline.status(now); }
  bool paused(int32_t p) const { return paused_.contains(p); }
  bool commit_waits() const { return commit_.has_value(); }
  size_t work_waits() const { return work_.size(); }
  size_t owned() const { return owned_.size(); }
  int overdue() const { return static_cast<int>(metrics_.batches_overdue.value()); }
  bool owns(int32_t p) const { return owned_.contains(p); }

  SteadyTime now{std::chrono::hours(1)};
  SystemTime wall{seconds(1'700'000'000)};
  static constexpr std::array kTopics = {SideTopicName::CommitLog, SideTopicName::Replacements, SideTopicName::Cogs};

 private:
  using Cursor = kafka::PartitionCursor;
  // An owned partition as the source has it, and where the library reads.
  struct Fetcher {
    Cursor cursor{};
    int64_t library_at = 0;
  };
  struct Logged {
    std::string fate;
    int64_t timestamp_ms;
  };
  struct NoMemory final : MessageMemory {
    void release(void*) const noexcept override {}
    void headers(const void*, std::vector<HeaderView>&) const override {}
  };

  std::shared_ptr<const SealedBatch> take_batch(size_t i) {
    auto batch = batches[i];
    batches.erase(batches.begin() + static_cast<ptrdiff_t>(i));
    std::erase_if(again, [&](const stream::BatchTask& task) { return task.batch == batch; });
    return batch;
  }

  void move(int32_t p, int64_t next) {
    Fetcher& fetcher = fetchers_[p];
    fetcher.cursor.move(Offset{next});
    if (revoking_.empty()) tell_library(fetcher);
  }
  void tell_library(Fetcher& fetcher) {
    if (fetcher.cursor.state() != Cursor::State::Moving) return;
    fetcher.library_at = fetcher.cursor.next().value;
    fetcher.cursor.library_told();
  }
  void begin_fetching(const StartAt& start) {
    const auto state = start.state == OffsetState::Valid     ? Cursor::State::Delivering
                       : start.state == OffsetState::Missing ? Cursor::State::OffsetMissing
                                                             : Cursor::State::OutOfRange;
    fetchers_[start.partition.value] = {Cursor(start.next, state), start.next.value};
  }

  bool accounted(int32_t p, int64_t offset) const {
    const std::string& fate = log_.at(p)[static_cast<size_t>(offset)].fate;
    if (fate == "skip") return true;
    if (const auto low = low_.find(p); low != low_.end() && offset < low->second) return true;
    if (given_up.contains({p, offset})) return true;
    if (fate == "replace") return replaced.contains({p, offset});
    return (fate == "row" ? table : dead).contains({p, offset});
  }
  // The commit log tells of rows and of messages without rows, before their offsets are committed.
  bool told(int32_t p, int64_t offset) const {
    const std::string& fate = log_.at(p)[static_cast<size_t>(offset)].fate;
    if (!settings_.side_outputs.commit_log || settings_.skip_write || fate == "bad" || fate == "replace") return true;
    if (fate == "refused" || given_up.contains({p, offset})) return true;
    if (const auto low = low_.find(p); low != low_.end() && offset < low->second) return true;
    const auto logged = logged_.find(p);
    return logged != logged_.end() && offset < logged->second;
  }
  // A record says that everything below its offset is in the table, and each goes further than the one before it.
  void check_commit_log(const ProducerRecord& record) {
    int32_t p = -1;
    int64_t next = -1;
    ASSERT_EQ(std::sscanf(record.key->c_str(), "t:%d:g", &p), 1) << *record.key;
    ASSERT_EQ(std::sscanf(record.value.c_str(), "{\"offset\":%ld,", &next), 1) << record.value;
    ASSERT_GT(next, logged_this_time_[p]) << "partition " << p << ": " << record.value;
    logged_this_time_[p] = next;
    logged_[p] = std::max(logged_[p], next);
    for (int64_t o = 0; o < next; ++o) {
      ASSERT_TRUE(log_[p][static_cast<size_t>(o)].fate != "row" || accounted(p, o)) << "told too early";
    }
  }
  void check_replacement(const GateRecord& record) {
    int32_t p = -1;
    int64_t offset = -1;
    ASSERT_EQ(std::sscanf(record.record->value.c_str(), "%d:%ld", &p, &offset), 2);
    if (!replaced.insert({p, offset}).second) return;
    if (given_up.contains({p, offset})) return;  // read again by a process that knows nothing of that
    ASSERT_GT(offset, last_replaced_.contains(p) ? last_replaced_[p] : -1) << "replacements out of order";
    last_replaced_[p] = offset;
  }
  bool give_back(SideTopicName topic, ErrorKind kind = ErrorKind::Retry) {
    std::vector<uint64_t> tickets;
    std::erase_if(records, [&](const auto& one) {
      if (one.topic != static_cast<size_t>(topic)) return false;
      tickets.push_back(one.ticket);
      return true;
    });
    for (const uint64_t ticket : tickets) {
      pipeline.on_record_result(static_cast<size_t>(topic), ticket, failure(kind, "given back"), now);
    }
    return !tickets.empty();
  }

  void take_commands() {
    Commands taken = std::exchange(commands_, Commands());
    const Decisions decisions(taken, paused_, owned_);
    for (auto& one : taken.work) work_.push_back(std::move(one));
    for (auto& one : taken.batches) {
      ASSERT_FALSE(broken) << "written after a failure decided the session";
      EXPECT_LE(one->row_count, stream::kMaxInsertRows);
      batches.push_back(std::move(one));
    }
    for (auto& one : taken.again) {
      batches.push_back(one.batch);
      again.push_back(std::move(one));
    }
    for (const auto& one : taken.letters) {
      letters.push_back({one.ticket, {one.record->partition.value, one.record->offset.value}});
    }
    for (const auto& one : taken.records) records.push_back(one);
    if (taken.purge_records) {
      for (const auto topic : kTopics) give_back(topic);
    }
    for (const Partition p : taken.pause) paused_.insert(p.value);
    for (const Partition p : taken.resume) paused_.erase(p.value);
    for (const auto& [p, next] : taken.seek) move(p.value, next.value);
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
        // Refused from now on: its generation is over.
        if (commit_) std::erase_if(*commit_, [&](const OffsetToCommit& one) { return one.partition.value == p; });
      }
      revoking_.clear();
      for (auto& [p, fetcher] : fetchers_) tell_library(fetcher);
    }
    closing = closing || taken.begin_close.has_value();
    // Beyond the limit an eighth is for what was read before; then processing waits, but for what was just begun.
    EXPECT_LE(pipeline.budget()->held(), settings_.memory_limit + settings_.memory_limit / 8 + kOneChunk);
  }

  void check_commit(std::vector<OffsetToCommit>& offsets) {
    ASSERT_FALSE(commit_.has_value()) << "two commits at a time";
    for (const OffsetToCommit& offset : offsets) {
      const int32_t p = offset.partition.value;
      ASSERT_TRUE(owned_.contains(p)) << "a commit after the revoke was answered";
      ASSERT_FALSE(revoke_lost_ && revoking_.contains(p)) << "a commit of a lost partition";
      ASSERT_EQ(fetchers_[p].cursor.stopped(), false) << "a commit while the source looks up what is committed";
      const auto decided = operator_decided.find(p);
      const int64_t from = decided != operator_decided.end() ? decided->second : committed_[p];
      ASSERT_GE(offset.next.value, from) << "backwards";
      for (int64_t o = from; o < offset.next.value; ++o) {
        ASSERT_TRUE(accounted(p, o)) << "commit of partition " << p << " passes unfinished offset " << o;
        ASSERT_TRUE(told(p, o)) << "commit of partition " << p << " passes offset " << o << " without commit log";
      }
    }
    commit_ = std::move(offsets);
  }

  const FlowSettings settings_;
  const LiveOptions options_;
  const bool has_letters_;
  Log& log_to_;
  Metrics registry_;
  stream::StreamMetrics metrics_;

 public:
  stream::Pipeline pipeline;
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  std::vector<stream::BatchTask> again;  // what was blocked and is in `batches` once more
  std::vector<std::pair<uint64_t, std::pair<int32_t, int64_t>>> letters;  // ticket, (partition, offset)
  std::vector<GateRecord> records;                                        // handed to the producers, in order
  std::map<SideTopicName, std::vector<ProducerRecord>> written;
  std::set<std::pair<int32_t, int64_t>> replaced;
  std::multiset<std::pair<int32_t, int64_t>> table;
  std::multiset<std::pair<int32_t, int64_t>> dead;
  std::set<std::pair<int32_t, int64_t>> given_up;  // by rule or operator, as the test says
  // By partition, where an operator goes on, also if that lies below what is committed; until that is committed.
  std::map<int32_t, int64_t> operator_decided;
  bool closing = false;
  bool broken = false;

 private:
  const NoMemory memory_;
  stream::ChunkProcessor processor_;
  Commands commands_;
  std::map<int32_t, std::deque<Logged>> log_;
  std::map<int32_t, int64_t> logged_;            // highest offset that the commit log tells, by partition
  std::map<int32_t, int64_t> logged_this_time_;  // since the partition was assigned
  std::map<int32_t, int64_t> last_replaced_;
  std::map<int32_t, Fetcher> fetchers_;
  std::map<int32_t, int64_t> low_;  // what lies below is nobody's any more
  std::map<int32_t, int64_t> committed_;
  std::set<int32_t> owned_;
  std::set<int32_t> paused_;
  std::set<int32_t> revoking_;
  bool revoke_lost_ = false;
  int32_t generation_ = 0;
  uint64_t session_ = 1;
  std::vector<stream::Work> work_;
  std::optional<std::vector<OffsetToCommit>> commit_;
};

}  // namespace freshet::flow
