// The stream's Pipeline with a broker, workers, writers and a dead-letter topic made of plain lists, on one thread and
// with a clock of its own: a test, or a random generator, decides what happens next. Every commit is checked against
// what was promised.
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
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

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
  explicit Flow(FlowSettings settings = default_settings(), LiveOptions options = {}, bool has_dead_letters = true,
                Log& log = null_log());

  stream::ProcessingRules rules() const;
  std::unique_ptr<OffsetGate> gate();
  static FlowSettings default_settings();
  static FlowSettings with_side_outputs();

  // --- the broker -------------------------------------------------------------------------------------------------
  void produce(int32_t partition, const std::string& fate, int count = 1, int64_t timestamp_ms = 0) {
    for (int i = 0; i < count; ++i) log_[partition].push_back({fate, timestamp_ms});
  }
  void assign(std::vector<int32_t> partitions);
  void revoke(std::vector<int32_t> partitions, bool lost = false);
  // The next consumer has the membership of the last; a commit under way may have arrived or not.
  void hand_over(bool commit_arrived = true);
  void leave();
  // The client has the membership, but a rebalance came with it: its assignment comes as an event.
  void hand_over_into_a_rebalance();
  // The process ends as it is, and the next one begins. What it had under way may have arrived all the same.
  void restart(const std::function<bool()>& arrives);
  // The client of a broken consumer is gone, and with it the answers to what it was asked.
  void breaks(bool fenced);
  void refetch(int32_t p);
  void set_options(const LiveOptions& options);
  void start_next_consumer();
  // Another member has the partition meanwhile: it stores and commits up to `next`, and stores up to `stored` beyond
  // it.
  void consumed_elsewhere(int32_t p, int64_t next, int64_t stored);
  void set_committed(int32_t p, int64_t next) { committed_[p] = next; }
  // The broken consumer's client owned it all; the next one owns nothing yet.
  void lose_everything() { owned_.clear(); }
  bool produced(int32_t p) const { return log_.contains(p); }
  int64_t end(int32_t p) { return static_cast<int64_t>(log_[p].size()); }
  const std::string& fate(int32_t p, int64_t offset) const { return log_.at(p)[static_cast<size_t>(offset)].fate; }
  uint64_t left(int32_t p) { return log_[p].size() - static_cast<uint64_t>(committed_[p]); }
  bool revoke_waits() const { return !revoking_.empty(); }
  bool is_revoking(int32_t p) const { return revoking_.contains(p); }

  // Delivers up to `count` messages of the partition, in one chunk, if it is owned and not paused.
  bool deliver(int32_t p, int64_t count = 100);
  // The source finds no start that the policy allows.
  void stick(int32_t p);
  // The source goes on at `next`, which is what the group has committed, and tells. While a revoke waits for its answer
  // the library reads on where it was.
  void unstick(int32_t p, int64_t next);
  // The broker deletes what lies below `low`, and says so to who reads there.
  bool fall_out_of_range(int32_t p, int64_t low);
  // The reset policy chose `start`, which is committed; what lies below it is nobody's any more. Not before the commit
  // is answered that was under way.
  bool reset_offset(int32_t p, int64_t start);
  int64_t low(int32_t p) { return low_[p]; }
  // The end as the library sees it; it tells once it has read so far.
  void end_of(int32_t p);
  bool library_is_at_end(int32_t p) {
    return owned_.contains(p) && !paused_.contains(p) && fetchers_[p].library_at == end(p);
  }
  void source(SourceEvent event);
  // Delivers one chunk, and a worker processes it.
  void deliver_and_process(int32_t p, int64_t count = 100);

  // --- workers, writers, dead letters, commits --------------------------------------------------------------------
  bool work(size_t i = 0);
  // Stores the batch, all but its refused rows.
  bool write(size_t i = 0);
  // The table took the rows of the batch, and its answer was the error of a view.
  bool block(size_t i = 0, stream::Blocked why = stream::Blocked::MaybeStored);
  // Whether the table would refuse none of the batch's rows, so that a view can fail behind it.
  bool takes_all(size_t i) const;
  bool resolve_any(Resolution resolution);
  Result<SkipResult> resolve(int32_t p, std::optional<Resolution> resolution);
  bool abandon(size_t i = 0);
  bool acknowledge(size_t i = 0) { return dead_letter_result(i, Status()); }
  bool dead_letter_result(size_t i, const Status& status);
  // The topic takes the oldest record that it was handed.
  bool take_record(SideTopicName topic);
  bool take_records();
  // All that the topic's producer holds comes back.
  bool give_back_records(SideTopicName topic, ErrorKind kind = ErrorKind::Retry);
  bool commit(bool ok = true, bool for_good = false);
  // The broker refuses the offsets of these partitions, now or also whenever they come again.
  bool commit_but(const std::set<int32_t>& refused, bool for_good);

  void advance(Duration by);
  void turn();
  void stop();
  Result<SkipResult> skip(int32_t p, int64_t next);

  // As long as any batch waits for more rows; then as many batches are under way.
  void await_batches(size_t count);
  // Lets everything succeed until nothing moves any more.
  void settle();
  // The library answers a close: it asks back for what is owned, then says that it is closed.
  void close();

  // Every message was stored, dead-lettered or skipped, and all of it is committed.
  void expect_complete() const;
  void expect_exactly_once() const;
  // Settles first.
  void settles_complete();
  void settles_exactly_once();

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

  std::shared_ptr<const SealedBatch> take_batch(size_t i);

  void move(int32_t p, int64_t next);
  void tell_library(Fetcher& fetcher);
  void begin_fetching(const StartAt& start);

  bool accounted(int32_t p, int64_t offset) const;
  // The commit log tells of rows and of messages without rows, before their offsets are committed.
  bool told(int32_t p, int64_t offset) const;
  // A record says that everything below its offset is in the table, and each goes further than the one before it.
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
  stream::Pipeline pipeline;
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  std::vector<stream::BatchTask> again;  // what was blocked and is in `batches` once more
  std::vector<std::pair<uint64_t, std::pair<int32_t, int64_t>>> dead_letters;  // ticket, (partition, offset)
  std::vector<GateRecord> records;                                             // handed to the producers, in order
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
  uint64_t consumer_ = 1;
  std::vector<stream::Work> work_;
  std::optional<std::vector<OffsetToCommit>> commit_;
};

}  // namespace freshet::flow
