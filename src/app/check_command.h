// `freshet check`: checks the configuration, every server, and the table against real messages.
#pragma once

#include <ostream>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Prints one line per finding. Returns the exit status: 0 if rows would be stored as intended, else 1.
int check(const settings::Loaded& loaded, Clock& clock, std::ostream& out);

}  // namespace freshet::app
