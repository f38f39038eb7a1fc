// Calculates when renewals and ticks are due.
#pragma once

#include "base/clock.h"
#include "model/options.h"

namespace freshet::supervisor {

// Later than any deadline.
SteadyTime never(SteadyTime now);

// From `now` to the next multiple of `tick` since 1970 (docs/renewal.md, Joins and leaves on a clock tick). Zero
// without a tick (0 or less), and within the second of a tick.
Duration until_tick(SystemTime now, std::chrono::seconds tick);

// When the consumer that began at `begun` is renewed: the interval after that, at the earliest when the options became
// what they are (`changed`), and spread over the jitter, a share of the interval. `uniform01`: a random
// number from [0, 1), one for each consumer.
SteadyTime renewal_due(SteadyTime begun, SteadyTime changed, std::chrono::seconds interval, double jitter,
                       double uniform01);

}  // namespace freshet::supervisor
