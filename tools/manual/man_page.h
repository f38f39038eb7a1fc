// Man pages in the macros of man(7), for groff and mandoc.
#pragma once

#include <string>
#include <vector>

#include "command_manual.h"

namespace freshet::manual {

struct Edition {
  std::string version;
  std::string date;  // 2026-11-30
};

// freshet(1): the commands, signals and exit statuses.
std::string program_page(const std::vector<CommandManual>& commands, const Edition& edition);
// freshet-COMMAND(1).
std::string command_page(const CommandManual& command, const Edition& edition);

}  // namespace freshet::manual
