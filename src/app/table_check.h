// The table against rows that real messages would become.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret_mask.h"
#include "clickhouse/table_check.h"
#include "kafka/cluster.h"
#include "settings/settings.h"

namespace freshet::app {

struct TableCheck {
  size_t sampled = 0;  // messages looked at
  size_t invalid = 0;  // of them, those that cannot become rows
  std::string first_reason;
  size_t skipped = 0;           // and those that are passed over by a rule
  const char* first_skip = "";  // its code
  std::vector<clickhouse::Finding> findings;
};

// Looks at about as many messages as `sample` allows, and at no more once their rows take as many bytes as it allows.
// Messages that need very much memory to become rows are left out, and rows of more than a sixteenth of those bytes.
// Retry: something is not there yet; the text says what to do.
Result<TableCheck> check_table(const settings::Pipeline& pipeline, kafka::SampleLimit sample, Clock& clock,
                               Duration timeout, std::stop_token stop, Log& log, SecretMask* secrets = nullptr);

}  // namespace freshet::app
