// What is secret among the settings, and who else could read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"
#include "settings/table.h"

namespace freshet::settings {

// Whether the value behind this name of a property or of a ClickHouse setting is a secret, by what it is called.
bool names_secret(std::string_view name);

// A value as people may see it: *** for a secret, also in KEY=VALUE and in the login of an URL.
std::string shown(const Setting& setting, const std::string& value);

// Every secret in `settings`, for the log's mask.
std::vector<std::string> secrets_of(const Settings& settings);

// The advice for a flag whose value is or holds a secret, which every user of the machine reads in the process list;
// empty: it does not.
std::string exposed_by_flag(const Setting& setting, const std::string& value);

// The advice for a setting that names a file with a secret which others may read; empty: there is none.
std::string exposed_by_file(const Setting& setting, const std::string& value);

}  // namespace freshet::settings
