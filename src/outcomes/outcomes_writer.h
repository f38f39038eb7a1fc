// A RowWriter whose table is a topic: one record a bucket.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "outcomes/seen_items.h"
#include "ports/row_writer.h"
#include "ports/side_topic.h"

namespace freshet::outcomes {

// Results of the topic's producer, from its thread to the writer's. Lives longer than both.
class OutcomeResults {
 public:
  SideTopic::OnResult on_result();

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

  OutcomesWriter(int64_t interval_seconds, SideTopic& topic, OutcomeResults& results, Clock& clock, Log& log,
                 Metrics& metrics);

  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;

 private:
  // The records of a batch on their way, by their place in it.
  struct Delivery {
    std::deque<size_t> waiting;
    std::map<uint64_t, size_t> with_producer;  // by ticket
    SteadyTime not_before{};                   // nothing is produced until then
    uint32_t failures = 0;
  };

  // False when stopping: it is unknown how many the topic has.
  bool produce_all(const std::vector<SideRecord>& records, const WriteControl& control);
  void forget_earlier_batch(std::stop_token stop);
  void produce_waiting(const std::vector<SideRecord>& records, Delivery& delivery, const WriteControl& control);
  void settle(const OutcomeResults::Result& result, Delivery& delivery, const WriteControl& control);
  void try_later(const Error& error, Delivery& delivery, const WriteControl& control);
  // Waits until something came back, or until `deadline`; false when stopping.
  bool take_results(SteadyTime deadline, std::stop_token stop, std::vector<OutcomeResults::Result>& out);

  const int64_t interval_seconds_;
  SideTopic& topic_;
  OutcomeResults& results_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  SeenItems seen_;
  uint64_t next_ticket_ = 1;
  uint64_t failures_seen_ = 0;
};

}  // namespace freshet::outcomes
