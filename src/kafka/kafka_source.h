// The Source over librdkafka's event queue: one consumer client.
//
// The class has more methods than most because each call of the port and each kind of library event is one, and all of
// them act on the same client and the same owned partitions. Matters with a state of their own are delegated:
//
//   Assignment       answers to the library's rebalances
//   PartitionCursor  which messages of a partition are delivered
//   StartLookUp      where partitions start
//   Departure        leaving the group
//   ReportedErrors   which errors were reported already
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/assignment.h"
#include "kafka/batch_end.h"
#include "kafka/commit_request.h"
#include "kafka/departure.h"
#include "kafka/events.h"
#include "kafka/handles.h"
#include "kafka/identity.h"
#include "kafka/kafka_metrics.h"
#include "kafka/kafka_settings.h"
#include "kafka/message_batch.h"
#include "kafka/partition_cursor.h"
#include "kafka/reaper.h"
#include "kafka/recent_largest.h"
#include "kafka/reported_errors.h"
#include "kafka/start_look_up.h"
#include "kafka/statistics.h"
#include "ports/source.h"

namespace freshet::kafka {

// Shared by all consumers of the process, which it must outlive.
struct ConsumerContext {
  Clock& clock;
  Log& log;
  Metrics& metrics;
  Reaper& reaper;
  Identity& identity;
  std::function<void()> on_login_refused = {};  // must not block; empty: nobody needs it
};

// Creates the client and subscribes. Unreachable brokers and a missing topic are reported through SourceFault, and
// waited for. Fatal: the library refuses the configuration. Renew: the system refuses threads. The source's destructor
// never waits for the network: the client goes to the reaper.
Result<std::unique_ptr<Source>> open_source(const KafkaSettings& settings, const ConsumerContext& context);

class KafkaSource final : public Source {
 public:
  // `instance_id`: the client's group.instance.id; empty = dynamic member. `requests`: the client's counters, see
  // count_group_requests.
  KafkaSource(const KafkaSettings& settings, std::string instance_id, Client client,
              std::shared_ptr<GroupRequests> requests, const ConsumerContext& context);
  ~KafkaSource() override;

  // Joins the group.
  Status subscribe();
  // For a successor that joined before this source is polled: its assignment. `old`: the membership that it continues.
  void begin_with(std::vector<Partition> assigned, const Membership& old, int32_t topic_partitions);
  rd_kafka_t* client() const { return client_.get(); }
  rd_kafka_queue_t* queue() const { return queue_.get(); }
  rd_kafka_queue_t* urgent() const { return urgent_.get(); }

  void poll(Duration timeout, const PollLimits& limits, std::vector<SourceEvent>& out) override;
  void wake() noexcept override;
  void pause(const std::vector<Partition>& partitions) override;
  void resume(const std::vector<Partition>& partitions) override;
  Status seek(Partition partition, Offset next) override;
  void refetch(Partition partition) override;
  Status commit_async(const std::vector<OffsetToCommit>& offsets) override;
  void answer_assign(const std::vector<StartAt>& starts) override;
  void answer_revoke() override;
  void begin_close(LeaveMode mode) override;
  const Membership& membership() const override { return membership_; }
  std::optional<Offset> end_offset(Partition partition) const override;
  std::optional<SteadyTime> statistics_at() const override { return statistics_at_; }

 private:
  struct Owned {
    PartitionCursor cursor;
    bool paused = false;                   // by the stream
    bool looked_up_alone = false;          // a lookup together with other partitions was not answered
    uint64_t commits_before = 0;           // commits sent before reading stopped; a lookup waits for their answers
    std::optional<BatchEnd> unreadable{};  // a batch that cannot be unpacked, until a later message is read
    MessageChunk chunk{};                  // collected during this poll
  };
  void take_messages(int wait, const PollLimits& limits, std::vector<SourceEvent>& out);
  bool may_take_batches() const;
  size_t batch_within(const PollLimits& limits) const;
  bool take_batches(const PollLimits& limits, std::vector<SourceEvent>& out);
  size_t take_batch(size_t most, size_t max_chunk_messages, std::vector<SourceEvent>& out);
  Owned* find_owned(int32_t partition);
  void on_event(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out);
  void on_fetch(Event event, size_t max_chunk_messages, std::vector<SourceEvent>& out);
  template <typename Handle>
  void on_message(Owned& owned, Handle handle, const rd_kafka_message_t& record, size_t max_chunk_messages,
                  std::vector<SourceEvent>& out);
  void on_rebalance(rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t* list,
                    std::vector<SourceEvent>& out);
  void on_error(ConsumerError about, std::vector<SourceEvent>& out);
  // The end of the partition, no valid offset, or a batch that cannot be unpacked.
  void on_partition_error(rd_kafka_resp_err_t code, Partition partition, int64_t offset, std::vector<SourceEvent>& out);
  void on_unreadable(const Error& error, Partition partition, Offset batch, std::vector<SourceEvent>& out);
  bool is_beyond_unreadable(Partition partition, Owned& owned);
  void report(const Error& error, std::vector<SourceEvent>& out, int32_t partition = kNoPartition);
  // The reported connection errors may be over.
  void recover(std::vector<SourceEvent>& out);
  void count(const ConsumerError& about);
  // If the client has broken for good; once.
  void report_fatal(std::vector<SourceEvent>& out);
  void flush_chunks(std::vector<SourceEvent>& out);
  void flush(Owned& owned, std::vector<SourceEvent>& out);

  void on_commit_answered(rd_kafka_event_t* event, std::vector<SourceEvent>& out);
  void take_look_up_results(std::vector<SourceEvent>& out);
  void take_found(StartLookUp::Found found, std::vector<SourceEvent>& out);
  void look_up_plans();
  void announce(std::vector<AssignedPartition> partitions, bool continues, std::vector<SourceEvent>& out);
  void begin_with_first_assignment(std::vector<SourceEvent>& out);
  void settle();
  void unsettle();
  void check_unsettled(std::vector<SourceEvent>& out);
  void learn_continuity();
  void close();
  void depart();
  void broken(const Status& failed);
  bool topic_is_gone() const;
  static StartLookUpFor look_up_kind(const Owned& owned);
  bool look_up_due(const Owned& owned, SteadyTime now) const;
  void log_out_of_range(const AssignedPartition& partition, Offset was);
  void take_looked_up(const AssignedPartition& partition, std::vector<SourceEvent>& out);
  PartitionCursor cursor_at(const StartAt& start) const;
  void stop_until_topic_is_back();
  void settle_if_topic_is_back();
  void look_up_missing_offsets();
  std::vector<Partition> next_to_look_up(SteadyTime now) const;
  void put_off(const StartLookUp::Found& failed);
  void mark_paused(const std::vector<Partition>& partitions, bool paused);
  void apply_moves();
  Status tell_library(Partition partition);
  Partitions list_of(const std::vector<Partition>& partitions) const;

  const KafkaSettings settings_;
  const std::string instance_id_;
  const std::shared_ptr<GroupRequests> requests_;  // of the client
  Clock& clock_;
  Log& log_;
  Reaper& reaper_;
  Identity& identity_;
  const std::function<void()> on_login_refused_;
  const ConsumerMetrics metrics_;
  ConsumerStatistics statistics_;
  Client client_;
  Assignment assignment_;
  Queue queue_;
  // Answers to commits, errors of connections, and statistics: in the other queue they would wait behind messages.
  Queue urgent_;
  Topic topic_;

  std::map<Partition, Owned> owned_;
  size_t taken_ = 0;           // from the queue in the current poll, wanted or not
  uint64_t polled_bytes_ = 0;  // of the messages that are delivered
  RecentLargest largest_;      // what a message may count
  MessageBatch batch_;
  std::vector<Partition> collecting_;                // partitions whose chunk is not empty
  bool assignment_waits_ = false;                    // the library waits for our assign
  std::vector<Partition> announced_without_offset_;  // partitions of the waiting assignment that were just looked up
  // an assignment received before the first poll; true if it continues the previous membership
  std::optional<bool> first_assignment_;
  Membership membership_;
  std::optional<SteadyTime> unsettled_since_;
  std::optional<std::set<Partition>> revoking_;  // the library waits for our unassign
  SteadyTime rebalance_since_{};
  bool closing_ = false;
  std::optional<Departure> departure_;  // until close() is called
  bool closed_ = false;
  uint64_t commits_sent_ = 0;
  uint64_t commits_answered_ = 0;
  std::optional<CommitRequest> commit_request_;  // the outstanding one
  std::optional<SteadyTime> plans_due_;          // when to look up the plans of partitions that continue
  std::optional<SteadyTime> statistics_at_;
  ReportedErrors reported_;
  bool fatal_reported_ = false;

  std::optional<Error> broken_;  // the consumer cannot recover; not reported yet
  StartLookUp start_look_up_;
};

// Creates the client without joining the group.
Result<std::unique_ptr<KafkaSource>> build_source(const KafkaSettings& settings, const ConsumerContext& context);

}  // namespace freshet::kafka
