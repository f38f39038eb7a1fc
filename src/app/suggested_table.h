// A table for the messages of a topic: `freshet suggest-table` and `freshet check --suggest-table`.
#pragma once

#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/table_suggestion.h"
#include "ports/processor.h"
#include "settings/settings.h"

namespace freshet::app {

struct SuggestedTable {
  clickhouse::TableSuggestion suggestion;
  size_t messages = 0;  // that became rows
};

// Looks at the newest messages of the topic, about settings.sample of them. `processor`: of json_processor_factory().
// Joins no group and writes nothing. Invalid: no message becomes a row. Other errors: Kafka does not answer.
Result<SuggestedTable> suggest_table_for_topic(const settings::Settings& settings, Processor& processor, Clock& clock,
                                               std::stop_token stop);

// The statement, or with `json` a line with an object that also has the columns.
std::string to_text(const SuggestedTable& table, bool json);

}  // namespace freshet::app
