// Checks the table against rows made from real messages.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "clickhouse/table_check.h"
#include "kafka/cluster.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

struct TableCheck {
  size_t sampled = 0;  // messages processed
  size_t invalid = 0;  // messages that cannot become rows
  std::string first_reason;
  size_t skipped = 0;           // messages that a rule of the processor skips
  const char* first_skip = "";  // code of the first skip
  std::vector<clickhouse::Finding> findings;
};

// Processes up to about `sample.messages` messages, and stops once their rows take `sample.bytes`. Leaves out messages
// that need too much memory, and rows longer than a sixteenth of `sample.bytes`. Retry: a dependency is missing; the
// text says what to do.
Result<TableCheck> check_table(const settings::Pipeline& pipeline, kafka::SampleLimit sample, Clock& clock,
                               Duration timeout, std::stop_token stop, Log& log,
                               secrets::SecretStore* secrets = nullptr);

}  // namespace freshet::app
