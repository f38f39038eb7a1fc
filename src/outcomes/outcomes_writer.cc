#include "outcomes/outcomes_writer.h"

#include <utility>

#include "outcomes/aggregator.h"
#include "outcomes/outcomes_events.h"

namespace freshet::outcomes {
namespace {

constexpr Duration kForLong = std::chrono::hours(1);

void count(const Aggregate& sums, const OutcomesMetrics& metrics) {
  for (const auto& [category, totals] : sums.by_category) {
    metrics.messages(category).add(totals.messages);
    metrics.quantity(category).add(totals.quantity);
    metrics.buckets(category).add(totals.buckets);
  }
  metrics.duplicates().add(sums.duplicates);
}

}  // namespace

RecordProducer::OnResult OutcomeResults::on_result() {
  return [this](uint64_t ticket, Status status) {
    {
      MutexLock lock(mutex_);
      results_.push_back({ticket, std::move(status)});
    }
    changed_.notify_all();
  };
}

OutcomesWriter::OutcomesWriter(int64_t interval_seconds, RecordProducer& producer, OutcomeResults& results,
                               Clock& clock, Log& log, Metrics& metrics)
    : interval_seconds_(interval_seconds),
      producer_(producer),
      results_(results),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      seen_(kRememberedItems) {}

WriteOutcome OutcomesWriter::write(const InsertRequest& request, const WriteControl& control) {
  const SteadyTime began = clock_.steady_now();
  const Aggregate sums = aggregate(request.rows, interval_seconds_, seen_);
  std::vector<ProducerRecord> records;
  records.reserve(sums.quantities.size());
  for (const auto& [bucket, quantity] : sums.quantities) {
    records.push_back({std::nullopt, outcome_record(bucket, quantity, clock_.system_now())});
  }
  if (!deliver(std::move(records), control)) return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
  seen_.remember(sums.items);
  count(sums, metrics_);
  metrics_.produce_seconds().observe(to_seconds(clock_.steady_now() - began));
  return {};
}

bool OutcomesWriter::deliver(std::vector<ProducerRecord> records, const WriteControl& control) {
  ++batch_.value;
  failures_ = 0;
  std::vector<OutcomeResults::Result> results;
  take_results(clock_.steady_now(), control.stop, results);  // of an abandoned batch
  for (const OutcomeResults::Result& result : results) settle(result, control);
  for (size_t i = 0; i < records.size(); ++i) records_.add({{}, batch_, i, std::move(records[i])});
  while (!records_.empty()) {
    produce_sendable(control);
    results.clear();
    const SteadyTime deadline = records_.next_deadline().value_or(clock_.steady_now() + kForLong);
    if (!take_results(deadline, control.stop, results)) {
      producer_.purge();  // if they were sent now, they would count again when the batch is read again
      records_.drop({}, batch_);
      return false;
    }
    for (const OutcomeResults::Result& result : results) settle(result, control);
  }
  return true;
}

// Once the topic rejects a record, later records are not produced either, to keep their order.
void OutcomesWriter::produce_sendable(const WriteControl& control) {
  std::vector<decltype(records_)::Sendable> sendable;
  records_.take_sendable(clock_.steady_now(), sendable);
  std::optional<Error> rejected;
  for (const auto& one : sendable) {
    if (!rejected) {
      const Status taken = producer_.produce(one.item->payload.view(), one.ticket);
      if (taken) continue;
      rejected = taken.error();
      log_failure(*rejected, control);
    }
    records_.failed(one.ticket, clock_.steady_now());
  }
}

void OutcomesWriter::settle(const OutcomeResults::Result& result, const WriteControl& control) {
  const bool ours = records_.find(result.ticket) != nullptr;  // otherwise of an abandoned batch
  if (result.status) {
    records_.acknowledged(result.ticket, clock_.steady_now());
    return;
  }
  records_.failed(result.ticket, clock_.steady_now());
  if (ours) log_failure(result.status.error(), control);
}

void OutcomesWriter::log_failure(const Error& error, const WriteControl& control) {
  log_.emit(OutcomeDeliveryFailed{error.text});
  if (!control.on_failure) return;
  control.on_failure({InsertFailure::Class::Transient, error.code, error.text, ++failures_});
}

bool OutcomesWriter::take_results(SteadyTime deadline, std::stop_token stop, std::vector<OutcomeResults::Result>& out) {
  MutexLock lock(results_.mutex_);
  clock_.wait_until(results_.changed_, results_.mutex_, stop, deadline,
                    [&]() REQUIRES(results_.mutex_) { return !results_.results_.empty(); });
  producer_.reset();  // before its results are taken
  out.swap(results_.results_);
  return !stop.stop_requested();
}

}  // namespace freshet::outcomes
