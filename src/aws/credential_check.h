// What credentials must look like, whichever place they come from.
#pragma once

#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"

namespace freshet::aws {

// What a place calls the parts of credentials.
struct PartNames {
  std::string_view access_key;
  std::string_view secret_key;
  std::string_view session_token;
};
constexpr PartNames kVariableNames{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
constexpr PartNames kProfileNames{"aws_access_key_id", "aws_secret_access_key", "aws_session_token"};
constexpr PartNames kAnswerNames{"AccessKeyId", "SecretAccessKey", "SessionToken"};

// Retry: the text names the part that is missing or that no credentials of AWS can have. AWS would only say that the
// signature is wrong. Threads: any.
Result<Credentials> checked(Credentials credentials, const PartNames& names);

}  // namespace freshet::aws
