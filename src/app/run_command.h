// `freshet run`: streams until it is stopped.
#pragma once

#include "app/operator_signals.h"
#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Returns the exit status once the stream has drained.
int run(const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals);

}  // namespace freshet::app
