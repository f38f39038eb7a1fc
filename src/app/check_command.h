// `freshet check`: checks the configuration, every server, and the table against real messages.
#pragma once

#include <ostream>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Prints one line per finding, and with --suggest-table a CREATE TABLE statement. That is then all of `out`, unless
// --json is given; the findings are in `errors`. Returns the exit status: 0 if rows would be stored as intended and
// what was asked for was printed, else 1.
int check(const settings::Loaded& loaded, Clock& clock, std::ostream& out, std::ostream& errors);

}  // namespace freshet::app
