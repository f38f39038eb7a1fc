#include "supervisor/credentials_watch.h"

#include <utility>

#include "base/threads.h"
#include "supervisor/backoff.h"
#include "supervisor/schedule.h"
#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {
namespace {

// Also the quiet period after a change: a certificate and its key are replaced one after the other.
constexpr Duration kReadEvery = std::chrono::seconds(2);
constexpr BackoffPolicy kReadAgain{.initial = std::chrono::seconds(5), .cap = std::chrono::minutes(5), .jitter = 0};

}  // namespace

CredentialsWatch::CredentialsWatch(Look look, RenewalRequests& requests, Clock& clock, Log& log)
    : look_(std::move(look)),
      requests_(requests),
      clock_(clock),
      log_(log),
      thread_(needed_thread("credentials", [this](std::stop_token stop) { watch(stop); })) {}

void CredentialsWatch::watch(std::stop_token stop) {
  Backoff backoff(kReadAgain);
  SteadyTime not_before{};
  while (sleep_interruptibly(clock_, stop, kReadEvery)) {
    if (std::string changed = look_(); !changed.empty()) {
      log_.emit(CredentialsChanged{changed});
      changed_ = std::move(changed);
      backoff = Backoff(kReadAgain);
      not_before = {};
      continue;  // wait until the files stop changing
    }
    if (changed_.empty() || clock_.steady_now() < not_before) continue;
    if (renewed(stop)) {
      changed_.clear();
    } else {
      not_before = clock_.steady_now() + backoff.next(Duration::zero(), 0);
    }
  }
}

bool CredentialsWatch::renewed(std::stop_token stop) {
  const auto asked = requests_.request(RenewalReason::Credentials, changed_);
  const auto report = requests_.wait(asked.number, never(clock_.steady_now()), stop);
  if (!report || report->result != RenewalResult::Renewed) return false;
  // A renewal that was already running may have read the old files.
  return !asked.coalesced;
}

}  // namespace freshet::supervisor
