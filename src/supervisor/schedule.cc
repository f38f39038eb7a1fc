#include "supervisor/schedule.h"

#include <algorithm>

namespace freshet::supervisor {
namespace {

using std::chrono::seconds;

// An option may be any number of seconds, but Duration overflows after 292 years.
constexpr seconds kFarAway = std::chrono::hours(24) * 365 * 50;

}  // namespace

SteadyTime never(SteadyTime now) { return now + kFarAway; }

Duration until_tick(SystemTime now, seconds tick) {
  if (tick.count() <= 0) return Duration::zero();
  const auto whole = std::chrono::floor<seconds>(now);
  const seconds past(whole.time_since_epoch().count() % tick.count());
  if (past.count() == 0) return Duration::zero();
  return std::min(tick - past, kFarAway) - (now - whole);
}

SteadyTime renewal_due(SteadyTime begun, SteadyTime changed, seconds interval, double jitter, double uniform01) {
  const Duration bounded = std::min(interval, kFarAway);
  const auto spread = static_cast<int64_t>(static_cast<double>(bounded.count()) * jitter * uniform01);
  return std::max(begun + bounded, changed) + Duration(spread);
}

}  // namespace freshet::supervisor
