#include "outcomes/outcomes_writer.h"

#include <utility>

#include "outcomes/aggregator.h"

namespace freshet::outcomes {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kForLong = std::chrono::hours(1);

void count(const Aggregate& sums, Metrics& metrics) {
  for (const auto& [category, totals] : sums.by_category) {
    const Labels labels = {{"data_category", std::to_string(category)}};
    metrics.counter("freshet_accepted_outcomes_messages_total", "Counts taken from items, by data category.", labels)
        .add(totals.messages);
    metrics.counter("freshet_accepted_outcomes_quantity_total", "Their quantities, by data category.", labels)
        .add(totals.quantity);
    metrics.counter("freshet_accepted_outcomes_buckets_total", "Outcome records, by data category.", labels)
        .add(totals.buckets);
  }
  // Only spans are recognised when they come again.
  metrics
      .counter("freshet_accepted_outcomes_duplicates_total", "Items that came again and count once.",
               {{"item_type", "span"}})
      .add(sums.duplicates);
}

}  // namespace

SideTopic::OnResult OutcomeResults::on_result() {
  return [this](uint64_t ticket, Status status) {
    {
      MutexLock lock(mutex_);
      results_.push_back({ticket, std::move(status)});
    }
    changed_.notify_all();
  };
}

OutcomesWriter::OutcomesWriter(int64_t interval_seconds, SideTopic& topic, OutcomeResults& results, Clock& clock,
                               Log& log, Metrics& metrics)
    : interval_seconds_(interval_seconds),
      topic_(topic),
      results_(results),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      seen_(kRememberedItems) {}

WriteOutcome OutcomesWriter::write(const InsertRequest& request, const WriteControl& control) {
  const SteadyTime began = clock_.steady_now();
  const Aggregate sums = aggregate(request.rows, interval_seconds_, seen_);
  std::vector<SideRecord> records;
  records.reserve(sums.quantities.size());
  for (const auto& [bucket, quantity] : sums.quantities) {
    records.push_back({std::nullopt, outcome_record(bucket, quantity, clock_.system_now())});
  }
  if (!produce_all(records, control)) return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
  seen_.remember(sums.items);
  count(sums, metrics_);
  metrics_
      .histogram("freshet_accepted_outcomes_produce_seconds", "From the first record of a batch to its last answer.",
                 latency_buckets())
      .observe(std::chrono::duration<double>(clock_.steady_now() - began).count());
  return {};
}

bool OutcomesWriter::produce_all(const std::vector<SideRecord>& records, const WriteControl& control) {
  forget_earlier_batch(control.stop);
  Delivery delivery;
  delivery.not_before = clock_.steady_now();
  for (size_t i = 0; i < records.size(); ++i) delivery.waiting.push_back(i);
  while (!delivery.waiting.empty() || !delivery.with_producer.empty()) {
    produce_waiting(records, delivery, control);
    std::vector<OutcomeResults::Result> results;
    const SteadyTime deadline = delivery.waiting.empty() ? clock_.steady_now() + kForLong : delivery.not_before;
    if (!take_results(deadline, control.stop, results)) {
      topic_.purge();  // what is not sent yet would be counted twice by whoever reads on
      return false;
    }
    for (const OutcomeResults::Result& result : results) settle(result, delivery, control);
  }
  return true;
}

// Results of a batch that was abandoned.
void OutcomesWriter::forget_earlier_batch(std::stop_token stop) {
  std::vector<OutcomeResults::Result> late;
  take_results(clock_.steady_now(), stop, late);
  for (const OutcomeResults::Result& result : late) failures_seen_ += result.status ? 0 : 1;
}

void OutcomesWriter::produce_waiting(const std::vector<SideRecord>& records, Delivery& delivery,
                                     const WriteControl& control) {
  while (!delivery.waiting.empty() && clock_.steady_now() >= delivery.not_before) {
    const uint64_t ticket = next_ticket_++;
    const size_t record = delivery.waiting.front();
    if (const Status taken = topic_.produce(records[record], ticket, failures_seen_); !taken) {
      return try_later(taken.error(), delivery, control);
    }
    delivery.with_producer.emplace(ticket, record);
    delivery.waiting.pop_front();
  }
}

void OutcomesWriter::settle(const OutcomeResults::Result& result, Delivery& delivery, const WriteControl& control) {
  if (!result.status) ++failures_seen_;
  const auto found = delivery.with_producer.find(result.ticket);
  if (found == delivery.with_producer.end()) return;  // of a batch that was abandoned
  if (!result.status) {
    delivery.waiting.push_back(found->second);
    try_later(result.status.error(), delivery, control);
  }
  delivery.with_producer.erase(found);
}

void OutcomesWriter::try_later(const Error& error, Delivery& delivery, const WriteControl& control) {
  delivery.not_before = clock_.steady_now() + kRetry;
  log_.warn("outcome_not_taken", {{"error", error.text}});
  if (!control.on_failure) return;
  control.on_failure({InsertFailure::Class::Transient, error.code, error.text, ++delivery.failures});
}

bool OutcomesWriter::take_results(SteadyTime deadline, std::stop_token stop, std::vector<OutcomeResults::Result>& out) {
  MutexLock lock(results_.mutex_);
  clock_.wait_until(results_.changed_, results_.mutex_, stop, deadline,
                    [&]() REQUIRES(results_.mutex_) { return !results_.results_.empty(); });
  out.swap(results_.results_);
  return !stop.stop_requested();
}

}  // namespace freshet::outcomes
