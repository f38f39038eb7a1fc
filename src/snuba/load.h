// From the command line of a Snuba consumer to our settings: the one entry point of this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {

// "rust-consumer" or "accepted-outcomes-consumer".
bool is_command(std::string_view command);

// Options of the reference, options of freshet's own beside them, the environment of both, the storage table or a
// resolved document. All problems at once, one line each. Reads files, and may run python3 (read_snuba_settings).
tl::expected<settings::Loaded, settings::Refusals> load(std::string_view command, const std::vector<std::string>& args,
                                                        const Environment& environment);

// Both kinds of options, the reference's first.
std::string full_help(std::string_view command);

}  // namespace freshet::snuba
