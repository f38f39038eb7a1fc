#include "kafka/continuity_check.h"

#include <vector>

#include "base/threads.h"

namespace freshet::kafka {
namespace {

constexpr Duration kAskAgainAfter = std::chrono::seconds(5);  // minimum interval between queries

}  // namespace

void ContinuityCheck::ask(SteadyTime now) {
  if ((asked_at_ && now - *asked_at_ < kAskAgainAfter) || under_way_.exchange(true)) return;
  asked_at_ = now;
  auto asking = start_thread([this, membership = membership_](std::stop_token stop) {
    const auto shown = question_(stop);
    if (shown) {
      CheckResult result{membership, *shown};
      results_.try_push(result);
    }
    under_way_ = false;
    if (shown) wake_();
  });
  if (asking) {
    thread_ = *std::move(asking);
  } else {
    under_way_ = false;  // the next ask() tries again
  }
}

std::optional<bool> ContinuityCheck::take() {
  std::vector<CheckResult> results;
  results_.drain_into(results);
  if (results.empty()) return std::nullopt;
  const CheckResult& last = results.back();
  if (!last.shown && last.membership != membership_) return std::nullopt;
  return last.shown;
}

void ContinuityCheck::end() {
  results_.close();
  thread_ = std::jthread();
}

}  // namespace freshet::kafka
