// `freshet tap`: prints the newest messages and the rows they would become.
#pragma once

#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Joins no group and writes nothing. Returns the exit status.
int tap(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out,
        std::ostream& errors);

}  // namespace freshet::app
