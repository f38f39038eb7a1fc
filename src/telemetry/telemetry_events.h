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

struct OtlpNotSent {
  static constexpr LogEvent kEvent{LogLevel::Warn, "otlp_not_sent",
                                   "The OpenTelemetry collector did not take a request. Metrics are sent again at the "
                                   "next interval, log lines as soon "
                                   "as it may take them."};
  std::string_view signal;
  int http_status;  // 0: no answer
  std::string_view error;
  auto fields() const {
    return log_fields(subject("signal", signal), LogField(log_key::kHttpStatus, http_status), log_error(error));
  }
};

}  // namespace freshet::telemetry
