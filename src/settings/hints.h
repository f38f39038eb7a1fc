// What people try that is no setting, and what would be right.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/settings.h"

namespace freshet::settings {

// A sentence for an unknown flag (without its dashes) that people know from elsewhere; empty: none.
std::string hint_for_flag(std::string_view name);

// Whether a name sounds as if its value were a secret, also one that is misspelt.
bool sounds_secret(std::string_view name);

// An argument that is no flag, as it may be shown: without the value of what sounds like a secret.
std::string shown_argument(std::string_view argument);

// Secrets may stand in the environment instead of a file.
struct SecretVariable {
  std::string_view variable;
  std::string_view file_setting;  // Setting::name of the file that holds the same; only one of both may be given
  void (*apply)(Settings&, const std::string& value);
};
const SecretVariable* find_secret_variable(std::string_view variable);

}  // namespace freshet::settings
