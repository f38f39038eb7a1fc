// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::aws {

struct AwsCredentialsChosen {
  static constexpr LogEvent kEvent{LogLevel::Info, "aws_credentials_chosen",
                                   "Tokens for Amazon MSK are signed with these credentials."};
  std::string_view source;
  std::string_view access_key;
  std::string_view region;
  auto fields() const {
    return log_fields(subject("source", source), subject("access_key", access_key), subject("region", region));
  }
};

struct AwsCredentialsNotRenewed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "aws_credentials_not_renewed",
                                   "AWS credentials cannot be read again; the last ones stay in use."};
  std::string_view source;
  std::string_view error;
  auto fields() const { return log_fields(subject("source", source), log_error(error)); }
};

}  // namespace freshet::aws
