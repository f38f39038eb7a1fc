#include "kafka/start_look_up.h"

#include <utility>

#include "base/threads.h"

namespace freshet::kafka {
namespace {

constexpr Duration kLookUpAgainAfter = std::chrono::seconds(1);

}  // namespace

StartLookUp::StartLookUp(rd_kafka_t* client, GroupRequests& requests, const KafkaSettings& settings, Clock& clock,
                         std::function<void()> wake)
    : client_(client), requests_(requests), settings_(settings), clock_(clock), wake_(std::move(wake)) {}

void StartLookUp::begin(std::vector<Partition> partitions, StartLookUpFor asked_for) {
  cancel();
  start({std::move(partitions), asked_for});
}

void StartLookUp::start(Question question) {
  under_way_ = true;
  auto thread = start_thread("kafka_look_up", [this, question](std::stop_token stop) { resolve(question, stop); });
  if (thread) {
    thread_ = *std::move(thread);
    return;
  }
  question.not_before = clock_.steady_now() + kLookUpAgainAfter;
  refused_ = std::move(question);
  LookUpResult failed = thread.error();
  results_.try_push(failed);
}

void StartLookUp::say(const Error& error) {
  LookUpResult failed = error;
  if (results_.try_push(failed)) wake_();
}

void StartLookUp::resolve(const Question& question, std::stop_token stop) {
  StartPositions positions(client_, requests_, settings_, clock_, [this](const Error& error) { say(error); });
  const bool out_of_range = question.asked_for == StartLookUpFor::OutOfRange;
  Found found{question.asked_for, question.partitions, {}};
  if (question.asked_for == StartLookUpFor::Assignment) {
    auto resolved = positions.resolve(question.partitions, out_of_range, stop);
    if (!resolved) return;
    found.resolved = *std::move(resolved);
  } else if (auto resolved = question.asked_for == StartLookUpFor::Plans
                                 ? positions.committed(question.partitions, stop)
                                 : positions.try_resolve(question.partitions, out_of_range, stop)) {
    found.resolved = *std::move(resolved);
  } else {
    if (stop.stop_requested()) return;
    found.leaders_failed = positions.leaders_failed();
    say(resolved.error());
  }
  LookUpResult result = std::move(found);
  const bool pushed = results_.push(result, stop);
  under_way_ = false;
  if (pushed) wake_();
}

std::vector<StartLookUp::LookUpResult> StartLookUp::take() {
  if (refused_ && clock_.steady_now() >= refused_->not_before) start(*std::exchange(refused_, std::nullopt));
  std::vector<LookUpResult> results;
  results_.drain_into(results);
  return results;
}

void StartLookUp::cancel() {
  refused_.reset();
  thread_ = std::jthread();
}

void StartLookUp::end() {
  results_.close();
  cancel();
}

}  // namespace freshet::kafka
