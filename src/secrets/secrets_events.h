// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::secrets {

struct SecretRenewed {
  static constexpr LogEvent kEvent{LogLevel::Info, "secret_renewed", "A secret has changed; the new one is used."};
  std::string_view secret;
  std::string_view source;
  auto fields() const { return log_fields(subject("secret", secret), subject("source", source)); }
};

struct SecretNotRenewed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "secret_not_renewed",
                                   "A secret cannot be read again; the last one stays in use."};
  std::string_view secret;
  std::string_view source;
  std::string_view error;
  auto fields() const { return log_fields(subject("secret", secret), subject("source", source), log_error(error)); }
};

}  // namespace freshet::secrets
