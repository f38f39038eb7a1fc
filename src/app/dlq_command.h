// `freshet dlq ...`: the commands about a dead-letter topic. Each returns its exit status: 0 = done; 1 = an error, no
// such dead letter (`show`), or a message that was not replayed; 2 = invalid settings.
#pragma once

#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

struct CommandOutput {
  std::ostream& out;
  std::ostream& errors;
};

int dlq_list(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to);
int dlq_show(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to);
int dlq_count(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to);
int dlq_replay(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to);
int dlq_purge(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to);

}  // namespace freshet::app
