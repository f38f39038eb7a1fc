// Calculates when renewals and ticks are due.
#pragma once

#include "base/clock.h"
#include "model/options.h"

namespace freshet::supervisor {

// Later than any deadline.
SteadyTime never(SteadyTime now);

// Time from `now` to the next multiple of `tick` since 1970 (docs/renewal.md, Joins and leaves on a clock tick). Zero
// if `tick` is 0 or less, and during the second that begins on a tick.
Duration until_tick(SystemTime now, std::chrono::seconds tick);

// When the consumer that started at `begun` is due for renewal: `interval` later, but not before the options changed
// (`changed`), plus `jitter` (a share of the interval) times `uniform01`, a random number from [0, 1) per consumer.
SteadyTime renewal_due(SteadyTime begun, SteadyTime changed, std::chrono::seconds interval, double jitter,
                       double uniform01);

}  // namespace freshet::supervisor
