// Log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::outcomes {

struct OutcomeDeliveryFailed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "outcome_delivery_failed",
                                   "The broker did not accept a record of outcomes; freshet retries."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

}  // namespace freshet::outcomes
