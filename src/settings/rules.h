// Checks across settings: missing ones, contradictions, and combinations that cannot work.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/commands.h"
#include "settings/settings.h"

namespace freshet::settings {

// `present`: the setting has a value other than its default; `given`: a user set it, by flag, environment or file;
// `where`: of a setting that is present, how a refusal names what the user wrote: "--message", "MESSAGE".
struct Origins {
  std::function<bool(std::string_view)> present;
  std::function<bool(std::string_view)> given;
  std::function<std::string(std::string_view)> where;
};

void check_rules(Rules rules, const Settings& settings, const Origins& origins, Refusals& refusals,
                 std::vector<std::string>& warnings);

}  // namespace freshet::settings
