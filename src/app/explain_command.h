// `freshet explain`: why one message becomes rows, or not.
#pragma once

#include <istream>
#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

struct ExplainStreams {
  std::istream& in;  // the message, unless the settings name one
  std::ostream& out;
  std::ostream& errors;
};

// Joins no group and stores nothing. Returns the exit status: 0 = the message becomes rows; 1 = it does not, or a
// server does not answer; 2 = invalid settings.
int explain(const settings::Settings& settings, Clock& clock, std::stop_token stop, ExplainStreams streams);

}  // namespace freshet::app
