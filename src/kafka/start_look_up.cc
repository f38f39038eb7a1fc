#include "kafka/start_look_up.h"

#include <utility>

namespace freshet::kafka {

StartLookUp::StartLookUp(rd_kafka_t* client, const KafkaSettings& settings, Clock& clock, std::function<void()> wake)
    : client_(client), settings_(settings), clock_(clock), wake_(std::move(wake)) {}

void StartLookUp::begin(std::vector<Partition> partitions, StartLookUpFor asked_for) {
  cancel();
  under_way_ = true;
  thread_ = std::jthread([this, partitions = std::move(partitions), asked_for](std::stop_token stop) {
    resolve(partitions, asked_for, stop);
  });
}

void StartLookUp::resolve(const std::vector<Partition>& partitions, StartLookUpFor asked_for, std::stop_token stop) {
  StartPositions positions(client_, settings_, clock_, [this](const Error& error) {
    Answer trouble = error;
    if (answers_.try_push(trouble)) wake_();
  });
  auto resolved = positions.resolve(partitions, asked_for == StartLookUpFor::OutOfRange, stop);
  if (!resolved) return;
  Answer found = Found{asked_for, *std::move(resolved)};
  const bool pushed = answers_.push(found, stop);
  under_way_ = false;
  if (pushed) wake_();
}

std::vector<StartLookUp::Answer> StartLookUp::take() {
  std::vector<Answer> answers;
  answers_.drain_into(answers);
  return answers;
}

void StartLookUp::cancel() { thread_ = std::jthread(); }

void StartLookUp::end() {
  answers_.close();
  cancel();
}

}  // namespace freshet::kafka
