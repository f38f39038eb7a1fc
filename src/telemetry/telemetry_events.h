// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::telemetry {

struct LogLinesDropped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "log_lines_dropped",
                                   "Lines of the log were dropped because their reader was too slow."};
  uint64_t lines;
  auto fields() const { return log_fields(LogField("lines", lines)); }
};

struct StatsdNotSent {
  static constexpr LogEvent kEvent{LogLevel::Warn, "statsd_not_sent",
                                   "A datagram of metrics could not be sent; its values are lost."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

}  // namespace freshet::telemetry
