// Completion of freshet's command line in bash and zsh: commands, flags, and values that are files or one of a few
// names.
#pragma once

#include <string>
#include <vector>

#include "command_manual.h"

namespace freshet::manual {

// A script for bash_completion's folder; it needs bash alone.
std::string bash_completion(const std::vector<CommandManual>& commands);
// A function `_freshet` for zsh's function path.
std::string zsh_completion(const std::vector<CommandManual>& commands);

}  // namespace freshet::manual
