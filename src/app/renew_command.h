// `freshet renew`: asks a running process for a new Kafka consumer and says how it went.
#pragma once

#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// 0: renewed. 1: not, and `out` says why. Waits for at most a minute; `stop` ends the wait, not the renewal.
int renew(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out);

}  // namespace freshet::app
