// Runs a Pipeline with its threads: workers before it, writers after it, and one source at a time. It outlives
// consumers.
//
// The class has more methods than most because each event of its mailbox and each group of commands is one. They only
// pass data between the pipeline, the pools, the producers and the source; the pipeline decides.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/freed_memory.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "ports/batch_measure.h"
#include "ports/batch_observer.h"
#include "ports/consumer_control.h"
#include "ports/offset_gate.h"
#include "ports/payload_sampler.h"
#include "ports/processor.h"
#include "ports/record_producer.h"
#include "ports/row_writer.h"
#include "ports/schema.h"
#include "ports/source.h"
#include "stream/pipeline.h"
#include "stream/progress_log.h"
#include "stream/worker_pool.h"
#include "stream/writer_pool.h"

namespace freshet::stream {

struct RunResult {
  End end = End::Stopped;
  bool fenced = false;  // Broken only: another client has this one's membership
  std::string reason;
};

// What a stream is built from. Borrowed objects outlive it.
struct StreamDependencies {
  ProcessorFactory processors;
  RowWriterFactory writers;
  SchemaValidatorFactory schemas;         // may be empty: no validation
  PayloadSamplerFactory samplers;         // may be empty: payloads are not sampled
  std::unique_ptr<BatchMeasure> measure;  // null: batches are measured in rows
  std::unique_ptr<OffsetGate> gate;       // null: nothing is written beside the rows
  std::vector<std::unique_ptr<BatchObserver>> observers;
  bool has_dead_letters = false;
  const Snapshot<LiveOptions>* live_options = nullptr;  // for the workers; null: messages are not filtered by age
};

// Threads: run() and wait() by one thread (the loop), everything else by any. Referenced objects outlive the stream.
class Stream {
 public:
  // Throws ThreadRefused.
  Stream(const StreamSettings& settings, StreamDependencies dependencies, const LiveOptions& options, Clock& clock,
         Log& log, Metrics& metrics);
  ~Stream();

  // Call before the first run() if there is a dead-letter topic. The producer reports to dead_letter_results().
  void set_dead_letters(RecordProducer* producer) { dead_letter_producer_ = producer; }
  RecordProducer::OnResult dead_letter_results();
  // The same for topic number `topic` of StreamDependencies::gate.
  void set_side_producer(size_t topic, RecordProducer* producer);
  RecordProducer::OnResult side_results(size_t topic);

  // Runs one Kafka consumer until it is drained (at the latest at the drain deadline), `control` hands over to the next
  // consumer, or the source is beyond repair. Partitions, batches and dead-letter records in flight continue in the
  // next run().
  RunResult run(Source& source, uint64_t consumer, ConsumerControl& control);
  // Between two consumers: handles results and deadlines until `until` or a stop request.
  void wait(SteadyTime until, std::stop_token stop);
  // Wakes the loop, so that it asks the control again.
  void wake() noexcept;

  void set_options(const LiveOptions& options);
  // See BlockedPartitions::skip() and BatchOutcomes::resolve(); also releases a batch with rows of the partition that
  // waits for an operator. The loop answers within a few turns. ErrorKind::Retry: no consumer answered within five
  // seconds or before a stop request.
  Result<SkipResult> skip(const SkipOrder& order, std::stop_token stop = {});
  // See Pipeline::refetch().
  void refetch(const std::vector<Partition>& partitions) { post(Refetch{partitions}); }

  std::shared_ptr<const StreamStatus> status() const { return status_.get(); }
  std::vector<DeadLetterNote> recent_dead_letters() const { return pipeline_.recent_dead_letters().list(); }
  // Time of the loop's last turn, for /health. Zero before the first consumer.
  SteadyTime last_turn() const { return SteadyTime(Duration(last_turn_.load(std::memory_order_relaxed))); }

 private:
  // The loop's reply to an operator's skip.
  struct SkipReply {
    Mutex mutex;
    CondVar given;
    std::optional<Result<SkipResult>> result GUARDED_BY(mutex);
  };
  struct Refetch {
    std::vector<Partition> partitions;
  };
  struct Skip {
    SkipOrder order;
    std::shared_ptr<SkipReply> reply;
  };
  struct InsertFailed {
    uint64_t batch;
    InsertFailure failure;
  };
  struct DeadLetterResult {
    uint64_t ticket;
    Status status;
  };
  struct RecordResult {
    size_t topic;
    uint64_t ticket;
    Status status;
  };
  using Event = std::variant<std::shared_ptr<const ProcessedChunk>, Work, BatchResult, InsertFailed, DeadLetterResult,
                             RecordResult, LiveOptions, Refetch, Skip>;

  void post(Event event);
  void note(Event event);
  void on_event(std::shared_ptr<const ProcessedChunk>& chunk, SteadyTime now);
  void on_event(Work& handed_back, SteadyTime now);
  void on_event(BatchResult& result, SteadyTime now);
  void on_event(const InsertFailed& event, SteadyTime now);
  void on_event(const DeadLetterResult& result, SteadyTime now);
  void on_event(const RecordResult& result, SteadyTime now);
  void on_event(const LiveOptions& options, SteadyTime now);
  void on_event(const Refetch& refetch, SteadyTime now);
  void on_event(const Skip& skip, SteadyTime now);
  Result<SkipResult> carry_out(const SkipOrder& order, SteadyTime now);
  void take_events(SteadyTime now);
  SteadyTime begin_turn();
  void attach(Source* source);
  void follow(ConsumerControl& control, Source& source, SteadyTime now);
  PollLimits poll_limits(SteadyTime now) const;
  void take_source_events(Source& source, ConsumerControl& control, Duration timeout);
  void count_turn(SteadyTime before_poll, SteadyTime after_poll);
  void execute(Source& source, SteadyTime now);
  void submit_to_pools();
  void produce_dead_letters();
  void produce_records();
  void command_source(Source& source, SteadyTime now);
  void commit(Source& source, SteadyTime now);
  void abandon_batches();
  Status set_writers(const LiveOptions& options);
  std::unique_ptr<ChunkProcessor> make_worker(const StreamDependencies& dependencies);
  void publish(const Source& source, SteadyTime now);

  const StreamSettings settings_;
  Clock& clock_;
  Log& log_;
  StreamMetrics metrics_;
  RecordProducer* dead_letter_producer_ = nullptr;
  std::vector<RecordProducer*> side_producers_;  // by topic number of the gate
  Pipeline pipeline_;
  Commands commands_;
  Snapshot<StreamStatus> status_;
  std::atomic<int64_t> last_turn_{0};
  SteadyTime polled_{};  // end of this consumer's last poll
  SteadyTime took_{};    // end of its last poll that took messages
  SteadyTime published_{};
  ProgressLog progress_;
  SteadyTime handed_over_at_{};  // zero unless a hand-over waits for its successor's first status
  SteadyTime options_changed_{};

  Mutex source_mutex_;
  Source* source_ GUARDED_BY(source_mutex_) = nullptr;  // for wake()
  bool fenced_ = false;                                 // the control replaced this consumer's client
  bool fenced_by_other_ = false;                        // another client replaced it
  std::atomic<bool> polling_{false};
  std::atomic<bool> woken_{false};  // since the loop last checked for events
  FreedMemory freed_memory_;
  Mailbox<Event> events_;
  std::vector<Event> taken_;
  std::vector<Event> own_;  // events of the loop to itself: it must not block on its own full mailbox
  std::vector<SourceEvent> delivered_;
  std::unique_ptr<WriterPool> writers_;
  std::unique_ptr<WorkerPool> workers_;
};

}  // namespace freshet::stream
