// Flags that people try but that do not exist, and what to use instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/settings.h"

namespace freshet::settings {

// A hint for an unknown flag (without its dashes) that other programs have; empty = none.
std::string hint_for_flag(std::string_view name);

// True if the name suggests that its value is a secret, even if it is misspelt.
bool sounds_secret(std::string_view name);

// The argument as it may be printed: without its value if its name sounds like a secret.
std::string shown_argument(std::string_view argument);

// A secret may be given in an environment variable instead of a file.
struct SecretVariable {
  std::string_view variable;
  std::string_view file_setting;  // Setting::name of the file with the same secret; only one of the two may be given
  void (*apply)(Settings&, const std::string& value);
};
const SecretVariable* find_secret_variable(std::string_view variable);
// The names of all of them, and of the variables of other settings that are secrets.
std::vector<std::string_view> secret_variables();

}  // namespace freshet::settings
