// The table of commands: one line each. What settings a command takes stands in settings/commands.h.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/operator_signals.h"
#include "base/clock.h"
#include "settings/settings.h"

namespace freshet::app {

constexpr int kBadUsage = 2;  // exit status

struct Command {
  // What a signal to stop does before the command has begun its work, and whether there is work to finish.
  enum class Kind {
    Consumer,  // ends with status 0; drains once it runs
    Client,    // ends with status 1; stops its requests
    Filter,    // ends with status 1, always at once: it reads from standard input
  };
  using Arguments = std::vector<std::string>;
  using Environment = std::map<std::string, std::string>;

  std::string_view name;
  std::string_view synopsis;  // of `freshet --help`
  Kind kind;
  tl::expected<settings::Loaded, settings::Refusals> (*load)(std::string_view name, const Arguments&,
                                                             const Environment&);
  std::string (*help)(std::string_view name);
  int (*run)(const settings::Loaded&, Clock&, OperatorSignals&);  // returns the exit status
  bool can_be_checked = false;                                    // by `freshet check NAME ...`
};

std::span<const Command> commands();
const Command* find_command(std::string_view name);

// `freshet --help`.
std::string usage();

}  // namespace freshet::app
