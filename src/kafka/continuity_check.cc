#include "kafka/continuity_check.h"

#include <vector>

#include "base/threads.h"
#include "kafka/identity.h"

namespace freshet::kafka {

void ContinuityCheck::begin(uint64_t membership) {
  if (under_way_.exchange(true)) return;
  auto asking = start_thread([this, membership](std::stop_token stop) {
    const auto known = broker_knows(client_, group_, instance_id_, clock_, stop);
    if (known) {
      Answer answer{membership, *known};
      answers_.try_push(answer);
    }
    under_way_ = false;
    if (known) wake_();
  });
  if (asking) {
    thread_ = *std::move(asking);
  } else {
    under_way_ = false;  // it is asked again
  }
}

std::optional<ContinuityCheck::Answer> ContinuityCheck::take() {
  std::vector<Answer> answers;
  answers_.drain_into(answers);
  return answers.empty() ? std::nullopt : std::optional(answers.back());
}

void ContinuityCheck::end() {
  answers_.close();
  thread_ = std::jthread();
}

}  // namespace freshet::kafka
