// Log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::snuba_outputs {

struct SideRecordDeliveryFailed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "side_record_delivery_failed",
                                   "The broker did not accept a record of a side topic; freshet retries."};
  std::string_view topic;
  std::string_view side_topic;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject("side_topic", side_topic), log_error(error));
  }
};

}  // namespace freshet::snuba_outputs
