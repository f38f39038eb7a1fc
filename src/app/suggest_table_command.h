// `freshet suggest-table`: a CREATE TABLE statement made from messages of the topic.
#pragma once

#include <ostream>
#include <stop_token>

#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

// Joins no group and writes nothing. Returns the exit status: 0 = a statement was printed; 1 = no message becomes a
// row, or Kafka does not answer; 2 = invalid settings.
int suggest_table(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out,
                  std::ostream& errors);

}  // namespace freshet::app
