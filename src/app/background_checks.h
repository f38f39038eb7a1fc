// Checks that `run` makes beside the stream: creates missing topics (--create-topics), and compares the table with real
// messages once, as `freshet check` does, and audits the table as long as the delivery depends on it.
#pragma once

#include <functional>
#include <thread>

#include "app/delivery_decision.h"
#include "app/format_decision.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/table_columns.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

// Owns one thread, which ends once there is nothing left to check, at the latest on destruction.
class BackgroundChecks {
 public:
  using OnTable = std::function<void(TableColumns)>;

  // `on_table` gets the columns of the table, first and whenever they change, if the format depends on them. `secrets`
  // may be null; it gets passwords that are read again later.
  BackgroundChecks(const settings::Pipeline& pipeline, DeliveryDecision& delivery, FormatDecision& format,
                   OnTable on_table, Clock& clock, Log& log, secrets::SecretStore* secrets = nullptr);

 private:
  std::jthread thread_;
};

}  // namespace freshet::app
