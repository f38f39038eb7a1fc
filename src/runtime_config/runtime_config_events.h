// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::runtime_config {

struct StoreUnreadable {
  static constexpr LogEvent kEvent{LogLevel::Warn, "runtime_config_unreadable",
                                   "The store of live options cannot be read; freshet keeps the last values."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct OptionChanged {
  static constexpr LogEvent kEvent{LogLevel::Info, "runtime_option_changed", "A live option changed."};
  std::string_view key;
  std::string_view old_value;
  std::string_view new_value;
  std::string_view store;
  auto fields() const {
    return log_fields(LogField("key", key), LogField("old", old_value), LogField("new", new_value),
                      LogField("store", store));
  }
};

struct OptionRefused {
  static constexpr LogEvent kEvent{LogLevel::Error, "runtime_option_refused",
                                   "A live option has an invalid value; freshet does not apply it."};
  std::string_view key;
  std::string_view value;
  std::string_view error;
  auto fields() const { return log_fields(subject("key", key), subject("value", value), log_error(error)); }
};

}  // namespace freshet::runtime_config
