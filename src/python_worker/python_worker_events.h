// What this module logs.
#pragma once

#include "base/log.h"

namespace freshet::python_worker {

struct WorkerNotStarted {
  static constexpr LogEvent kEvent{LogLevel::Error, "python_worker_not_started",
                                   "A Python process could not be started; it is tried again."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct WorkerReplaced {
  static constexpr LogEvent kEvent{LogLevel::Warn, "python_worker_replaced",
                                   "A Python process was lost; another is started and gets its messages again."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct WorkerOutput {
  static constexpr LogEvent kEvent{LogLevel::Info, "python_output", "A Python process printed a line."};
  std::string_view text;
  auto fields() const { return log_fields(LogField("text", text)); }
};

}  // namespace freshet::python_worker
