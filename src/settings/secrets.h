// Which settings are secrets, and which of them other users can read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"
#include "settings/table.h"

namespace freshet::settings {

// True if the name of a property or of a ClickHouse setting indicates that its value is a secret.
bool names_secret(std::string_view name);

// True for what may be a certificate or a key instead of the name of its file: no value of a setting has several lines.
bool holds_pem(std::string_view value);

// The value as it may be printed: *** for a secret, also in KEY=VALUE and in the login of a URL, and where the secret
// itself was given instead of its file.
std::string shown(const Setting& setting, const std::string& value);

// Every secret in `settings`, for the log's mask.
std::vector<std::string> secrets_of(const Settings& settings);

// True if a secret that is read again comes from exec:COMMAND.
bool runs_commands(const Settings& settings);

// Why a flag is refused whose value is, or contains, a secret, which every user of the machine can read in the process
// list; empty = no secret.
std::string exposed_by_flag(const Setting& setting, const std::string& value);

// Advice for a setting that names a file with a secret which other users may read; empty = nothing to fix.
std::string exposed_by_file(const Setting& setting, const std::string& value);

}  // namespace freshet::settings
