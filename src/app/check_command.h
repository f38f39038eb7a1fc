// `freshet check`: the configuration, every server, and the table against real messages.
#pragma once

#include <ostream>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Prints one line a finding. Returns the exit status: 0 when rows would arrive as they are meant, 1 when not.
int check(const settings::Loaded& loaded, Clock& clock, std::ostream& out);

}  // namespace freshet::app
