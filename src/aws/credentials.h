// An access key of AWS, and where it is looked for. Plain data.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "secrets/secret.h"

namespace freshet::aws {

struct Credentials {
  std::string access_key;
  secrets::Secret secret_key;
  secrets::Secret session_token;      // empty: a long-term key
  std::optional<SystemTime> expires;  // none: unknown, or never
  std::string source;                 // for people: "/root/.aws/credentials, profile default"
  bool of_profile = false;            // from the files that AWS's tools share
};

// The value of an environment variable; empty if it is not set. That of the process has no line ends at its end, which
// a secret made with `echo` has.
using Environment = std::function<std::string(const char* name)>;
Environment process_environment();

}  // namespace freshet::aws
