// What one value alone cannot show: settings that are missing, contradict each other or cannot work together.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/commands.h"
#include "settings/settings.h"

namespace freshet::settings {

// `present`: whether a setting comes from anywhere but its default; `given`: whether a person gave it.
struct Origins {
  std::function<bool(std::string_view)> present;
  std::function<bool(std::string_view)> given;
};

void check_rules(Rules rules, const Settings& settings, const Origins& origins, Refusals& refusals,
                 std::vector<std::string>& warnings);

}  // namespace freshet::settings
