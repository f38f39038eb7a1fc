// A RowWriter that writes one record per bucket to a topic.
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
#include "outcomes/seen_items.h"
#include "ports/record_producer.h"
#include "ports/row_writer.h"

namespace freshet::outcomes {

// Passes results of the topic's producer from its thread to the writer's. Must outlive both.
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

// A batch is written when all in-sync replicas have every record of it; a record that comes back is produced again.
// Items are remembered from then on, so that one that is read twice counts once as long as this process remembers it;
// an abandoned batch is not remembered, since nobody knows how much of it the topic has. Threads: one writer.
class OutcomesWriter final : public RowWriter {
 public:
  static constexpr size_t kRememberedItems = 500'000;

  OutcomesWriter(int64_t interval_seconds, RecordProducer& producer, OutcomeResults& results, Clock& clock, Log& log,
                 Metrics& metrics);

  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;

 private:
  // False when stopping: it is unknown how many the topic has.
  bool deliver(std::vector<ProducerRecord> records, const WriteControl& control);
  void produce_sendable(const WriteControl& control);
  void settle(const OutcomeResults::Result& result, const WriteControl& control);
  void log_failure(const Error& error, const WriteControl& control);
  // Waits until something came back, or until `deadline`; false when stopping.
  bool take_results(SteadyTime deadline, std::stop_token stop, std::vector<OutcomeResults::Result>& out);

  const int64_t interval_seconds_;
  RecordProducer& producer_;
  OutcomeResults& results_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  SeenItems seen_;
  delivery::DeliveryQueue<ProducerRecord> records_{delivery::Retry::InOrder};  // one lane
  AssignmentId batch_{0};                                                      // counts write()
  uint32_t failures_ = 0;                                                      // of this batch
};

}  // namespace freshet::outcomes
