// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::admin {

struct HealthFileNotWritten {
  static constexpr LogEvent kEvent{LogLevel::Error, "health_file_not_written", "The health file cannot be written."};
  std::string_view file;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kFile, file), log_error(error)); }
};

}  // namespace freshet::admin
