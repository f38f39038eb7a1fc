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

// Retry: something is not there yet; the text says what to do.
Result<TableCheck> check_table(const settings::Pipeline& pipeline, size_t sample, Clock& clock, Duration timeout,
                               std::stop_token stop, Log& log, SecretMask* secrets = nullptr);

}  // namespace freshet::app
