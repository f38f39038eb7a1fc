// A RowWriter that produces one record per bucket to a topic.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "delivery/delivery_queue.h"
#include "outcomes/outcomes_metrics.h"
#include "outcomes/seen_items.h"
#include "ports/record_producer.h"
#include "ports/row_writer.h"

namespace freshet::outcomes {

// Passes results from the producer's thread to the writer's. Must outlive both.
class OutcomeResults {
 public:
  RecordProducer::OnResult on_result();

 private:
  friend class OutcomesWriter;
  struct Result {
    uint64_t ticket;
    Status status;
  };
  Mutex mutex_;
  CondVar changed_;
  std::vector<Result> results_ GUARDED_BY(mutex_);
};

// A batch is written once all in-sync replicas have every record of it; failed records are produced again. Its items
// are then remembered, so that items that are read again count once while this process remembers them. Items of an
// abandoned batch are not remembered, because it is unknown how many of its records the topic has. Threads: one writer.
class OutcomesWriter final : public RowWriter {
 public:
  static constexpr size_t kRememberedItems = 500'000;

  OutcomesWriter(int64_t interval_seconds, RecordProducer& producer, OutcomeResults& results, Clock& clock, Log& log,
                 Metrics& metrics);

  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;

 private:
  // False on a stop request: it is then unknown how many records the topic has.
  bool deliver(std::vector<ProducerRecord> records, const WriteControl& control);
  void produce_sendable(const WriteControl& control);
  void settle(const OutcomeResults::Result& result, const WriteControl& control);
  void log_failure(const Error& error, const WriteControl& control);
  // Waits for a result or `deadline`. False on a stop request.
  bool take_results(SteadyTime deadline, std::stop_token stop, std::vector<OutcomeResults::Result>& out);

  const int64_t interval_seconds_;
  RecordProducer& producer_;
  OutcomeResults& results_;
  Clock& clock_;
  Log& log_;
  const OutcomesMetrics metrics_;
  SeenItems seen_;
  delivery::DeliveryQueue<ProducerRecord> records_{delivery::Retry::InOrder};  // one lane
  AssignmentId batch_{0};                                                      // number of the write()
  uint32_t failures_ = 0;                                                      // of this batch
};

}  // namespace freshet::outcomes
