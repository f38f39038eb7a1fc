// Test harness: the stream's Pipeline on one thread, with its own clock and with a broker, workers, writers and topics
// simulated by lists. A test or a random generator decides what happens next. Every commit is checked against the
// guarantees of the stream.
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
#include "stream/insert_limit.h"
#include "stream/pipeline.h"
#include "stream/processing.h"
#include "stream/rejection_memory.h"
#include "table_model.h"
#include "testkit/fake_clock.h"

namespace freshet::flow {

using snuba_outputs::SideTopicName;
using std::chrono::milliseconds;
using std::chrono::seconds;
using stream::BatchResult;
using stream::Commands;
using stream::End;

// The payload determines the fate of a message: "row", "bad" (invalid), "skip", "replace" (goes to the replacements
// topic), "refused" (a row that the table rejects). Some rows are much larger than their messages.
constexpr size_t kLargeRow = 3'000;
constexpr uint64_t kPiece = 5'000;
constexpr uint64_t kOneChunk = 40'000;  // including everything made from its messages
// What a process makes of the same message depends on what it knows of the table, and on its version.
struct RowStyle {
  int types = 0;     // which types the table has; 0 = not known, rows are JSONEachRow
  std::string more;  // in each row

  RowLayout layout() const;
};
class FateProcessor final : public Processor {
 public:
  // `style` outlives the processor.
  explicit FateProcessor(const RowStyle& style) : style_(style) {}
  const RowLayout& layout() const override { return layout_; }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { layout_ = style_.layout(); }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  const RowStyle& style_;
  RowLayout layout_;
};

// Adds Snuba's outputs beside the rows, as a gate that offsets wait for.
struct FlowSettings : stream::StreamSettings {
  FlowSettings() = default;
  FlowSettings(stream::StreamSettings settings) : stream::StreamSettings(std::move(settings)) {}  // NOLINT
  snuba_outputs::SideOutputSettings side_outputs;
};

// What the processes of a consumer group share: the broker, the table, and the topics that they write to.
struct Cluster {
  struct Logged {
    std::string fate;
    int64_t timestamp_ms;
  };
  // An offset commit whose answer the client no longer waits for. The broker takes it as long as its consumer is not
  // fenced and the group has no new generation. It does not check who owns the partitions, nor that offsets ascend.
  struct LateCommit {
    const void* process;
    uint64_t consumer;
    int32_t generation;
    std::vector<OffsetToCommit> offsets;
  };
  // An insert that its process sent, or still sends after it was frozen.
  struct LateInsert {
    stream::BatchTask task;
    std::vector<Offset> missing{};  // of a repair: what its process had counted
  };
  std::map<int32_t, std::deque<Logged>> log;
  std::map<int32_t, int64_t> low;  // messages below no longer exist
  std::map<int32_t, int64_t> committed;
  std::map<int32_t, std::string> plans;  // in the metadata of the committed offset
  int32_t generation = 0;
  std::map<int32_t, int64_t> logged;  // highest offset in the commit log, by partition
  std::map<int32_t, int64_t> last_replaced;
  Rows table;
  Rows dead;
  std::set<Position> replaced;
  std::set<Position> dropped;
  std::map<const void*, uint64_t> consumers;  // of each process, the one that joined last; earlier ones are fenced
  std::vector<LateCommit> late_commits;
  std::vector<LateInsert> late_inserts;

  void take_commit(const std::vector<OffsetToCommit>& offsets);
  // The broker gets a late commit, or a copy of it while another is still on its way. False: there is none, or it is
  // refused.
  bool late_commit_arrives(size_t i, bool is_copy = false);
};

// One process. Several can share a cluster; one that gets no call is frozen.
class Flow {
 public:
  explicit Flow(FlowSettings settings = default_settings(), LiveOptions options = {}, bool has_dead_letters = true,
                Log& log = null_log(), std::shared_ptr<Cluster> cluster = std::make_shared<Cluster>());

  stream::ProcessingRules rules() const;
  std::unique_ptr<OffsetGate> gate();
  static FlowSettings default_settings();
  static FlowSettings with_side_outputs();
  static FlowSettings exactly_once();

  // --- the broker -------------------------------------------------------------------------------------------------
  void produce(int32_t partition, const std::string& fate, int count = 1, int64_t timestamp_ms = 0) {
    for (int i = 0; i < count; ++i) log_[partition].push_back({fate, timestamp_ms});
  }
  // `same_generation`: the rebalance in which another process of the cluster got its partitions.
  void assign(std::vector<int32_t> partitions, bool same_generation = false);
  void revoke(std::vector<int32_t> partitions, bool lost = false);
  // The next consumer takes over the membership. A commit in flight may have reached the broker or not.
  void hand_over(bool commit_arrived = true);
  void leave();
  // The next client takes over the membership, but a rebalance begins meanwhile: its assignment comes as an event.
  void hand_over_into_a_rebalance();
  // The process is killed and a new one starts. What was in flight arrives if `arrives()` says so; an insert that is
  // planned, or any with use_table(), may also arrive later.
  void restart(const std::function<bool()>& arrives);
  // An insert of an earlier process, which does not read the answer, reaches the table.
  bool late_insert_arrives(size_t i = 0);
  // After a takeover the source reports what is committed.
  bool report_plans();
  // The client of the consumer fails; outstanding answers are lost.
  void breaks(bool fenced);
  void refetch(int32_t p);
  void set_options(const LiveOptions& options);
  void start_next_consumer();
  // The broker takes or refuses the commit in flight; the next commit() brings the answer.
  void broker_takes_commit();
  // The client gives up waiting for the answer to its commit, which may still arrive. With exactly-once delivery this
  // ends the consumer, and the next one owns no partition yet.
  bool commit_times_out();
  // Another member owns the partition meanwhile. It stores everything below `stored` and commits `next`.
  void consumed_elsewhere(int32_t p, int64_t next, int64_t stored);
  void set_committed(int32_t p, int64_t next) { committed_[p] = next; }
  // The text of the plan in the metadata of the committed offset.
  const std::string& plan(int32_t p) { return plans_[p]; }
  void set_plan(int32_t p, std::string text) { plans_[p] = std::move(text); }
  // The failed client owned all partitions; the next one owns none yet.
  void lose_everything() { owned_.clear(); }
  bool produced(int32_t p) const { return log_.contains(p); }
  int64_t end(int32_t p) { return static_cast<int64_t>(log_[p].size()); }
  const std::string& fate(int32_t p, int64_t offset) const { return log_.at(p)[static_cast<size_t>(offset)].fate; }
  uint64_t left(int32_t p) { return log_[p].size() - static_cast<uint64_t>(committed_[p]); }
  bool revoke_waits() const { return !revoking_.empty(); }
  bool is_revoking(int32_t p) const { return revoking_.contains(p); }

  // Delivers up to `count` messages of the partition in one chunk, if it is owned and not paused.
  bool deliver(int32_t p, int64_t count = 100);
  // The source finds no start offset that the policy allows.
  void stick(int32_t p);
  // The source continues at `next`, the committed offset, and reports that. While a revoke is unanswered, the client
  // library keeps reading from its old position.
  void unstick(int32_t p, int64_t next);
  // The broker deletes everything below `low` and reports that to a reader below it.
  bool fall_out_of_range(int32_t p, int64_t low);
  // The reset policy chose `start`, and the source committed it; messages below it no longer exist. No effect while a
  // commit is outstanding.
  bool reset_offset(int32_t p, int64_t start);
  int64_t low(int32_t p) { return low_[p]; }
  // The library's event for the end of the partition; it comes once the library has read that far.
  void end_of(int32_t p);
  bool library_is_at_end(int32_t p) {
    return owned_.contains(p) && !paused_.contains(p) && fetchers_[p].library_at == end(p);
  }
  // While true, events come in one poll: the commands of the pipeline are executed after the last one.
  void one_poll(bool begins) {
    one_poll_ = begins;
    if (!begins) turn();
  }
  void source(SourceEvent event);
  // Delivers one chunk and lets a worker process it.
  void deliver_and_process(int32_t p, int64_t count = 100);

  // --- workers, writers, dead letters, commits --------------------------------------------------------------------
  bool work(size_t i = 0);
  // Stores the batch, except rejected rows. A planned insert is stored as a whole, repeated, or refused. With
  // use_table(), the batch is written by the stream's own code, with faults. If these end the process, the next call
  // must be restart().
  bool write(size_t i = 0);
  // From now on, batches are written into the model, whose rows must be `table`. Both outlive the flow.
  void use_table(TableModel& model, const Faults& faults);
  // The table took the rows of the batch, but a view failed, so the insert returned an error.
  bool block(size_t i = 0, stream::Blocked why = stream::Blocked::MaybeStored);
  // The server refuses the planned insert for its size, without storing anything.
  bool refuse_for_size(size_t i = 0);
  // The writer did not send the insert in time.
  bool expire(size_t i = 0);
  // True if the table rejects no row of the batch, so that a view can fail after it.
  bool takes_all(size_t i) const;
  bool resolve_any(Resolution resolution);
  Result<SkipResult> resolve(int32_t p, std::optional<Resolution> resolution);
  bool abandon(size_t i = 0);
  bool acknowledge(size_t i = 0) { return dead_letter_result(i, Status()); }
  bool dead_letter_result(size_t i, const Status& status);
  // The topic accepts the oldest record that was produced to it.
  bool take_record(SideTopicName topic);
  bool take_records();
  // Fails all records that the topic's producer holds.
  bool give_back_records(SideTopicName topic, ErrorKind kind = ErrorKind::Retry);
  bool commit(bool ok = true, bool for_good = false);
  // The broker rejects the offsets of these partitions, `for_good` for the rest of the consumer's life.
  bool commit_but(const std::set<int32_t>& refused, bool for_good);

  void advance(Duration by);
  void turn();
  void stop();
  Result<SkipResult> skip(int32_t p, int64_t next);

  // Advances beyond the batch time, then expects that `count` batches are in flight.
  void await_batches(size_t count);
  // Lets everything succeed until nothing changes any more.
  void settle();
  // The library's answer to a close: revokes what is owned, then reports that the consumer is closed.
  void close();

  // Checks that every message was stored, dead-lettered or skipped, and that all offsets are committed.
  void expect_complete() const;
  void expect_exactly_once() const;
  // settle(), then the check.
  void settles_complete();
  void settles_exactly_once();

  int64_t committed(int32_t p) { return committed_[p]; }
  StreamStatus status() const { return pipeline.status(now); }
  bool paused(int32_t p) const { return paused_.contains(p); }
  bool commit_waits() const { return commit_.has_value(); }
  size_t work_waits() const { return work_.size(); }
  size_t owned() const { return owned_.size(); }
  // Cases in which rows may be stored twice with exactly-once delivery.
  uint64_t guarantee_ended() {
    uint64_t count = 0;
    for (const char* reason : {"unreadable_plan", "messages_changed", "rows_changed", "truncated", "plan_full"}) {
      count += metrics_.guarantee_ended(reason).value();
    }
    return count;
  }
  int overdue() const { return static_cast<int>(metrics_.batches_overdue.value()); }
  bool owns(int32_t p) const { return owned_.contains(p); }

  SteadyTime now{std::chrono::hours(1)};
  SystemTime wall{seconds(1'700'000'000)};
  static constexpr std::array kTopics = {SideTopicName::CommitLog, SideTopicName::Replacements, SideTopicName::Cogs};

 private:
  using Cursor = kafka::PartitionCursor;
  // An owned partition as the source sees it, and the library's read position.
  struct Fetcher {
    Cursor cursor{};
    int64_t library_at = 0;
  };
  struct NoMemory final : MessageMemory {
    void release(void*) const noexcept override {}
    void headers(const void*, std::vector<HeaderView>&) const override {}
  };

  // An insert with its token, as the table sees it.
  struct PlannedInsert {
    std::string token;
    std::vector<std::pair<int32_t, int64_t>> messages;
    std::optional<uint64_t> refused_row;
  };
  std::shared_ptr<const SealedBatch> take_batch(size_t i);
  uint64_t held_by_blocked_batches();
  std::optional<stream::BatchTask> planned_task(size_t i) const;
  static PlannedInsert planned_insert(const stream::BatchTask& task);
  // False: the table rejects a row.
  bool store(const PlannedInsert& insert);
  stream::BatchTask task_of(size_t i) const;
  std::optional<BatchResult> write_into_model(stream::BatchTask task);
  Cluster::LateInsert late_insert(stream::BatchTask task) const;
  void store_late(const Cluster::LateInsert& late);
  bool in_group() const { return my_generation_ == generation_; }

  void move(int32_t p, int64_t next);
  void tell_library(Fetcher& fetcher);
  void begin_fetching(const StartAt& start);

  bool accounted(int32_t p, int64_t offset) const;
  // The commit log covers rows and messages without rows before their offsets are committed.
  bool told(int32_t p, int64_t offset) const;
  // A record states that everything below its offset is in the table. Its offset exceeds that of the previous record.
  void check_commit_log(const ProducerRecord& record);
  void check_replacement(const GateRecord& record);
  bool give_back(SideTopicName topic, ErrorKind kind = ErrorKind::Retry);

  void take_commands();

  void check_commit(std::vector<OffsetToCommit>& offsets);

  const FlowSettings settings_;
  const LiveOptions options_;
  const bool has_dead_letters_;
  Log& log_to_;
  Metrics registry_;
  stream::StreamMetrics metrics_;

 public:
  const std::shared_ptr<Cluster> cluster;
  stream::Pipeline pipeline;
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  std::vector<stream::BatchTask> again;                     // unblocked batches; they are in `batches`, too
  std::vector<std::pair<uint64_t, Position>> dead_letters;  // ticket, (partition, offset)
  std::vector<GateRecord> records;                          // passed to the producers, in order
  std::map<SideTopicName, std::vector<ProducerRecord>> written;
  std::set<Position>& replaced = cluster->replaced;
  Rows& table = cluster->table;
  Rows& dead = cluster->dead;
  std::set<Position>& dropped = cluster->dropped;  // dropped by a rule or an operator; set by the test
  // Where an operator resumes each partition, until it is committed; may be below the committed offset.
  std::map<int32_t, int64_t> operator_decided;
  bool closing = false;
  bool broken = false;
  bool names_no_row = false;  // the table does not say which row it rejects
  RowStyle row_style;         // of the chunks that are processed from now on

 private:
  const NoMemory memory_;
  stream::ChunkProcessor processor_;
  Commands commands_;
  std::map<int32_t, std::deque<Cluster::Logged>>& log_ = cluster->log;
  std::map<int32_t, int64_t>& logged_ = cluster->logged;
  std::map<int32_t, int64_t> logged_this_time_;  // since the partition was assigned
  std::map<int32_t, int64_t>& last_replaced_ = cluster->last_replaced;
  std::map<int32_t, Fetcher> fetchers_;
  std::map<int32_t, int64_t>& low_ = cluster->low;
  std::map<int32_t, int64_t>& committed_ = cluster->committed;
  std::map<int32_t, std::string>& plans_ = cluster->plans;
  std::vector<int32_t> unreported_plans_;
  std::set<std::string> tokens_;  // of stored inserts
  std::vector<PlannedInsert> late_;
  std::set<int32_t> owned_;
  std::set<int32_t> paused_;
  std::set<int32_t> revoking_;
  bool revoke_lost_ = false;
  bool one_poll_ = false;
  int32_t& generation_ = cluster->generation;
  int32_t my_generation_ = 0;
  uint64_t consumer_ = 1;
  std::vector<stream::Work> work_;
  std::optional<std::vector<OffsetToCommit>> commit_;
  bool commit_taken_ = false;  // by the broker, which has not answered

  // With use_table().
  TableModel* model_ = nullptr;
  const Faults* faults_ = nullptr;
  stream::RejectionMemory rejections_;
  stream::InsertLimit insert_limit_;
  testkit::FakeClock writers_clock_{testkit::FakeClock::Waits::Skipped};
  std::map<uint64_t, std::weak_ptr<const SealedBatch>> blocked_;  // by id
};

}  // namespace freshet::flow
