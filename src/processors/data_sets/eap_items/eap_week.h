// Finds trace items that do not belong to the current weekly partition of the table (docs/snuba-data-sets.md, 9).
#pragma once

#include <cstdint>
#include <optional>

namespace freshet::processors {

enum class WeekCheck : uint8_t { Accepted, Past, Future };

// The last Monday 00:00 UTC at or before `now_ms`; both in milliseconds since 1970.
int64_t week_begin_ms(int64_t now_ms);

// `grace_minutes` must be >= 0; none accepts every time.
WeekCheck check_week(int64_t event_seconds, int64_t now_ms, std::optional<int64_t> grace_minutes);

// The check of older Snuba: true if the time is more than 30 days ago or more than 7 days ahead.
bool is_far_from_now(int64_t event_seconds, int64_t now_ms);

}  // namespace freshet::processors
