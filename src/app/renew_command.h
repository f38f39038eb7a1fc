// `freshet renew`: requests a new Kafka consumer from a running process and prints the result.
#pragma once

#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Returns 0 if the consumer was renewed, else 1, and `out` says why. Waits for at most a minute; `stop` ends the wait,
// not the renewal.
int renew(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out);

}  // namespace freshet::app
