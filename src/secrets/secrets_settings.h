// Settings of the secrets module; filled by the settings module. Plain data.
#pragma once

#include <chrono>

namespace freshet::secrets {

struct SecretsSettings {
  std::chrono::seconds command_interval{300};  // between two runs of an exec: command; 0 = only after a refusal
};

}  // namespace freshet::secrets
