#include "processors/data_sets/eap_items/eap_week.h"

#include <algorithm>

namespace freshet::processors {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kWeekMs = 7 * kDayMs;
constexpr int64_t kFirstMonday = 4 * kDayMs;  // 1970-01-05

}  // namespace

int64_t week_begin_ms(int64_t now_ms) {
  const int64_t into_week = ((now_ms - kFirstMonday) % kWeekMs + kWeekMs) % kWeekMs;
  return now_ms - into_week;
}

WeekCheck check_week(int64_t event_seconds, int64_t now_ms, std::optional<int64_t> grace_minutes) {
  if (!grace_minutes) return WeekCheck::Accepted;
  const int64_t begin = week_begin_ms(now_ms);
  const int64_t end = begin + kWeekMs;
  // A grace period of a week covers every time, so longer ones mean the same.
  const int64_t grace = std::min(*grace_minutes, kWeekMs / 60'000) * 60'000;
  if (event_seconds < begin / 1000 && now_ms >= begin + grace) return WeekCheck::Past;
  if (event_seconds >= end / 1000 && now_ms < end - grace) return WeekCheck::Future;
  return WeekCheck::Accepted;
}

bool is_far_from_now(int64_t event_seconds, int64_t now_ms) {
  constexpr int64_t kDay = 86'400;
  const int64_t ahead = (event_seconds * 1000 - now_ms) / 1000;
  return ahead < -30 * kDay || ahead > 7 * kDay;
}

}  // namespace freshet::processors
