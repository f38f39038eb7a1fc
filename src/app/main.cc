// freshet: streams Kafka into ClickHouse.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/certificates.h"
#include "app/check_command.h"
#include "app/commands.h"
#include "app/last_resort.h"
#include "app/operator_signals.h"
#include "app/signals.h"
#include "base/files.h"
#include "base/freed_memory.h"
#include "base/threads.h"
#include "settings/settings.h"
#include "snuba/load.h"

extern char** environ;

namespace {

using namespace freshet;

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string::npos) out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

// main()'s arguments, which every user can see in the process list.
std::span<char*> arguments;

void hide_in_arguments(const std::vector<std::string>& secrets) {
  for (char* const argument : arguments) {
    const std::string_view text(argument);
    for (const std::string& secret : secrets) {
      for (size_t at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1)) {
        std::fill_n(argument + at, secret.size(), '*');
      }
    }
  }
}

// Also for the first of two words.
int unknown_command(const std::string& name, bool wants_help = false) {
  if (const std::string group = app::usage_of(name); !group.empty()) {
    (wants_help ? std::cout : std::cerr) << "usage: freshet COMMAND [--help] [OPTIONS], where COMMAND is one of\n\n"
                                         << group;
    return wants_help ? 0 : app::kBadUsage;
  }
  std::cerr << "freshet: unknown command '" << name << "'\n\n" << app::usage();
  return app::kBadUsage;
}

// `freshet help run` prints the same as `freshet run --help`.
int help_for(const app::Command& command) {
  std::cout << command.help(command.name);
  return 0;
}

int dispatch(const app::Command& command, const std::vector<std::string>& args, app::OperatorSignals& signals,
             bool only_check = false) {
  // `check rust-consumer ...`: checks that command line instead of running it.
  if (command.name == "check" && !args.empty()) {
    const app::Command* checked = app::find_command(args[0]);
    if (checked != nullptr && checked->can_be_checked) {
      return dispatch(*checked, {args.begin() + 1, args.end()}, signals, true);
    }
  }
  if (settings::wants_help(args)) return help_for(command);
  const auto loaded = command.load(command.name, args, environment());
  if (!loaded) {
    for (const std::string& refusal : loaded.error()) std::cerr << "freshet: " << refusal << '\n';
    std::cerr << "freshet: `freshet " << command.name << " --help` explains every setting\n";
    return app::kBadUsage;
  }
  hide_in_arguments(loaded->settings.telemetry.secrets);
  if (loaded->settings.core_dumps) app::allow_core_dumps(true);
  RealClock clock;
  if (loaded->settings.print_config) {
    std::cout << settings::to_yaml(*loaded);
    return 0;
  }
  return only_check ? app::check(*loaded, clock, std::cout, std::cerr) : command.run(*loaded, clock, signals);
}

// Runs the command while signals are watched.
int carry_out(const app::Command& command, const std::vector<std::string>& args, int short_of_memory) try {
  using Exit = app::OperatorSignals::Exit;
  using Kind = app::Command::Kind;
  const auto end_at_once = [&command](Exit why) {
    if (app::out_of_memory()) _exit(app::kOutOfMemory);
    _exit(command.kind == Kind::Consumer && why == Exit::NothingBegun ? 0 : 1);
  };
  app::OperatorSignals signals(end_at_once);
  const auto on_emergency = [&] {
    command.kind == Kind::Filter ? end_at_once(Exit::NothingBegun) : signals.on_emergency();
  };
  const app::SignalWatcher watcher(app::OperatorSignals::kSignals, [&](int signal) { signals.on_signal(signal); },
                                   {short_of_memory, on_emergency});
  std::signal(SIGPIPE, SIG_IGN);
  const int status = dispatch(command, args, signals);
  std::cout.flush();  // while a signal can still interrupt a blocked reader
  return status;
} catch (const ThreadRefused& refused) {
  std::cerr << "freshet: " << refused.what() << '\n';
  return app::kBadUsage;
}

}  // namespace

int main(int argc, char** argv) {
  if (!open_standard_descriptors()) return 1;
  app::allow_core_dumps(false);
  app::find_certificates();
  map_large_blocks();
  share_freed_memory();
  const int short_of_memory = app::watch_for_shortage_of_memory();
  arguments = std::span(argv, static_cast<size_t>(argc));
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty() || args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    if (args.size() > 1 && args[0] == "help") {
      const auto asked = app::choose_command(std::span(args).subspan(1));
      return asked.command == nullptr ? unknown_command(args[1], true) : help_for(*asked.command);
    }
    (args.empty() ? std::cerr : std::cout) << app::usage();
    return args.empty() ? app::kBadUsage : 0;
  }
  if (args[0] == "--version" || args[0] == "-V" || args[0] == "version") {
    std::cout << "freshet " << FRESHET_VERSION << '\n';
    return 0;
  }
  const std::string& name = args[0];
  // Called as `snuba`, only Snuba's commands work: the caller does not know that this is another program.
  if (std::filesystem::path(argv[0]).filename() == "snuba" && !snuba::is_command(name)) {
    std::cerr << "snuba (freshet): '" << name << "' is not served here, only rust-consumer and "
              << "accepted-outcomes-consumer; run Snuba's own program for it\n";
    return app::kBadUsage;
  }
  const auto [command, words] = app::choose_command(args);
  if (command == nullptr) return unknown_command(name, settings::wants_help(args));
  const int status = carry_out(*command, {args.begin() + static_cast<ptrdiff_t>(words), args.end()}, short_of_memory);
  return app::out_of_memory() ? app::kOutOfMemory : status;
}
