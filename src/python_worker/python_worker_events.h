// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::python_worker {

struct WorkerNotStarted {
  static constexpr LogEvent kEvent{LogLevel::Error, "python_worker_not_started",
                                   "A Python worker could not be started; freshet retries."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct WorkerReplaced {
  static constexpr LogEvent kEvent{LogLevel::Warn, "python_worker_replaced",
                                   "A Python worker ended; another one starts and gets its messages again."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct WorkerOutput {
  static constexpr LogEvent kEvent{LogLevel::Info, "python_output", "A Python worker printed a line."};
  std::string_view text;
  auto fields() const { return log_fields(LogField("text", text)); }
};

}  // namespace freshet::python_worker
