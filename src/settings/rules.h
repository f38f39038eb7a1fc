// What one value alone cannot show: settings that are missing, contradict each other or cannot work together.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace freshet::settings {

// `given`: whether a setting comes from anywhere but its default.
void check_rules(std::string_view command, const Settings& settings, const std::function<bool(std::string_view)>& given,
                 Refusals& refusals, std::vector<std::string>& warnings);

}  // namespace freshet::settings
