// Runs the command of a secret that is given as exec:COMMAND.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace freshet::secrets {

constexpr Duration kCommandMayTake = std::chrono::seconds(10);

// The command of `exec:COMMAND`; empty: `from` names a file.
std::optional<std::string_view> command_in(std::string_view from);

// Splits a command at blanks. '...' and "..." keep blanks; nothing else is special, because no shell runs it.
Result<std::vector<std::string>> words_of(std::string_view command);

// Runs the command and returns what it wrote to standard output. It is killed with its descendants when it has ended,
// takes longer than `limit`, or `stop` is requested. It gets this process's environment without FRESHET_* variables,
// and /dev/null as standard input. ErrorKind::Retry: it failed; the text has its exit status and the start of its
// standard error, in which what it wrote to standard output is masked. Stopping: `stop` was requested. Threads: any.
Result<std::string> run_command(std::string_view command, const std::stop_token& stop = {},
                                Duration limit = kCommandMayTake);

}  // namespace freshet::secrets
