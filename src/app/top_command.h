// `freshet top`: what running processes do, by their admin servers.
#pragma once

#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Interactive on a terminal until `q` or a stop; otherwise, and with --once or --json, prints once. Returns the exit
// status: 0, or 1 if a process did not answer or is not healthy and ready.
int top(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out);

}  // namespace freshet::app
