// The table of commands, one line each. settings/commands.h defines the settings of a command.
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
  // How a stop signal ends the command before its work has begun, and whether there is work to finish after that.
  enum class Kind {
    Consumer,  // exits with 0; drains once it runs
    Client,    // exits with 1; cancels its requests
    Filter,    // exits with 1, always immediately: it reads standard input
  };
  using Arguments = std::vector<std::string>;
  using Environment = std::map<std::string, std::string>;

  std::string_view name;      // one word, or two with a blank between
  std::string_view synopsis;  // for `freshet --help`
  Kind kind;
  tl::expected<settings::Loaded, settings::Refusals> (*load)(std::string_view name, const Arguments&,
                                                             const Environment&);
  std::string (*help)(std::string_view name);
  int (*run)(const settings::Loaded&, Clock&, OperatorSignals&);  // returns the exit status
  bool can_be_checked = false;                                    // with `freshet check NAME ...`
};

std::span<const Command> commands();
const Command* find_command(std::string_view name);

// The command that the arguments of the program begin with. Null: none.
struct ChosenCommand {
  const Command* command = nullptr;
  size_t words = 0;  // of its name, which are the first arguments
};
ChosenCommand choose_command(std::span<const std::string> args);

// The text of `freshet --help`.
std::string usage();
// The commands whose first word this is, a line each: `freshet dlq` alone. Empty: none.
std::string usage_of(std::string_view first_word);

}  // namespace freshet::app
