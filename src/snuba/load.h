// Entry point of this module: turns the command line of a Snuba consumer into freshet's settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {

// "rust-consumer" or "accepted-outcomes-consumer".
bool is_command(std::string_view command);

// Reads Snuba's options and freshet's own, the environment of both, and the storage table or a resolved document.
// Returns all problems at once, one line each. Reads files, and may run python3 (read_snuba_settings).
tl::expected<settings::Loaded, settings::Refusals> load(std::string_view command, const std::vector<std::string>& args,
                                                        const Environment& environment);

// Snuba's options, then freshet's own.
std::string full_help(std::string_view command);

}  // namespace freshet::snuba
