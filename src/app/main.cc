// freshet: Kafka -> ClickHouse.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "app/check_command.h"
#include "app/last_resort.h"
#include "app/operator_signals.h"
#include "app/process_command.h"
#include "app/processor_factory.h"
#include "app/renew_command.h"
#include "app/service.h"
#include "app/signals.h"
#include "app/tap_command.h"
#include "base/files.h"
#include "base/freed_memory.h"
#include "base/secret_mask.h"
#include "base/threads.h"
#include "processors/snuba_environment.h"
#include "settings/settings.h"
#include "snuba/load.h"

extern char** environ;

namespace {

using namespace freshet;

constexpr const char* kUsage = R"(freshet streams Kafka into ClickHouse and never needs a restart.

usage: freshet COMMAND [--help] [OPTIONS]

  run       stream a topic into a table until stopped
  check     validate a configuration, reach every server, compare the table with real messages
  tap       print messages and the rows they would become
  process   try a processor on messages from standard input, without servers
  renew     ask a running process for a new Kafka session (also: SIGUSR1, POST /renew)
  rust-consumer, accepted-outcomes-consumer
            Snuba's commands, with its options and environment; also as `snuba COMMAND` through a link;
            `freshet check rust-consumer ...` checks what they would use

  freshet run --bootstrap-server localhost:9092 --topic events --consumer-group events-to-clickhouse \
      --clickhouse-url http://localhost:8123 --table default.events
)";

constexpr int kBadUsage = 2;
constexpr std::array kCommands = {
    "run", "check", "tap", "process", "renew", "rust-consumer", "accepted-outcomes-consumer"};

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string::npos) out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

// main()'s: what it was started with is seen by every user in the process list.
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

int run(const settings::Loaded& loaded, Clock& clock, app::OperatorSignals& signals) {
  auto service = app::Service::open(loaded, clock, nullptr, signals.stop());
  if (!service) {
    std::cerr << "freshet: " << SecretMask(loaded.settings.telemetry.secrets).masked(service.error().text) << '\n';
    return kBadUsage;
  }
  // Nobody is told any more once this goes, which is before the service.
  const std::unique_ptr<app::OperatorSignals, void (*)(app::OperatorSignals*)> attached(
      &signals, [](app::OperatorSignals* told) { told->detach(); });
  signals.attach({[&] { (*service)->renewals().ask(RenewalReason::Signal, "SIGUSR1"); },
                  [&] { return (*service)->hurry_stop(); }, [&] { (*service)->memory_is_short(); }});
  (*service)->run(signals.stop());
  return 0;
}

int process(const settings::Settings& settings) {
  RealClock clock;
  Metrics metrics;
  const auto refuse = [](const char* setting, const Error& error) {
    std::cerr << "freshet: " << setting << ": " << error.text << '\n';
    return kBadUsage;
  };
  processors::ProcessorsSettings chosen = settings.pipelines.front().processors;
  chosen.reference_ticks = true;
  if (!settings.processor_environment.empty()) {
    const auto file = read_file(settings.processor_environment);
    if (!file) return refuse("--environment", file.error());
    const auto read = processors::read_snuba_environment(*file);
    if (!read) return refuse("--environment", read.error());
    chosen.environment = *read;
  }
  if (const auto known = app::processor_factory(chosen, {&clock, &metrics}, null_log()); !known) {
    return refuse("--processor", known.error());
  }
  app::CaseRunner runner(
      [&](const std::string& storage) {
        auto of_storage = chosen;
        of_storage.storage = storage;
        return (*app::processor_factory(of_storage, {&clock, &metrics}, null_log()))();
      },
      settings.pipelines.front().kafka.topic);
  return runner.run_all(std::cin, std::cout);
}

bool is_command(const std::string& name) {
  return std::find(kCommands.begin(), kCommands.end(), name) != kCommands.end();
}

int unknown_command(const std::string& name) {
  std::cerr << "freshet: unknown command '" << name << "'\n\n" << kUsage;
  return kBadUsage;
}

// `freshet help run`, as `freshet run --help`.
int help_for(const std::string& command) {
  if (!is_command(command)) return unknown_command(command);
  std::cout << (snuba::is_command(command) ? snuba::full_help(command) : settings::help(command));
  return 0;
}

int dispatch(const std::string& command, const std::vector<std::string>& args, app::OperatorSignals& signals,
             bool only_check = false) {
  // `check rust-consumer ...`: the same command line, looked at and not run.
  if (command == "check" && !args.empty() && snuba::is_command(args[0])) {
    return dispatch(args[0], {args.begin() + 1, args.end()}, signals, true);
  }
  if (settings::wants_help(args)) {
    return help_for(command);
  }
  const auto loaded = snuba::is_command(command) ? snuba::load(command, args, environment())
                                                 : settings::load(command, args, environment());
  if (!loaded) {
    for (const std::string& refusal : loaded.error()) std::cerr << "freshet: " << refusal << '\n';
    std::cerr << "freshet: `freshet " << command << " --help` explains every setting\n";
    return kBadUsage;
  }
  hide_in_arguments(loaded->settings.telemetry.secrets);
  if (loaded->settings.core_dumps) app::allow_core_dumps(true);
  RealClock clock;
  if (loaded->settings.print_config) {
    std::cout << settings::to_yaml(*loaded);
    return 0;
  }
  if (command == "check" || only_check) return app::check(*loaded, clock, std::cout);
  if (command == "run" || snuba::is_command(command)) return run(*loaded, clock, signals);
  if (command == "tap") return app::tap(loaded->settings, clock, signals.stop(), std::cout, std::cerr);
  if (command == "renew") return app::renew(loaded->settings, clock, signals.stop(), std::cout);
  return process(loaded->settings);
}

// With the signals watched.
int carry_out(const std::string& command, const std::vector<std::string>& args, int short_of_memory) try {
  using Exit = app::OperatorSignals::Exit;
  const bool consumes = command == "run" || snuba::is_command(command);
  const auto end_at_once = [consumes](Exit why) {
    if (app::memory_is_short()) _exit(app::kOutOfMemory);
    _exit(consumes && why == Exit::NothingBegun ? 0 : 1);
  };
  app::OperatorSignals signals(end_at_once);
  const bool drains = command != "process";  // which waits for its input
  const app::SignalWatcher watcher(
      app::OperatorSignals::kSignals, [&](int signal) { signals.on_signal(signal); },
      {short_of_memory, [&] { drains ? signals.on_emergency() : end_at_once(Exit::NothingBegun); }});
  std::signal(SIGPIPE, SIG_IGN);
  const int status = dispatch(command, args, signals);
  std::cout.flush();  // while a signal still ends a wait for the reader
  return status;
} catch (const ThreadRefused& refused) {
  std::cerr << "freshet: " << refused.what() << '\n';
  return kBadUsage;
}

}  // namespace

int main(int argc, char** argv) {
  if (!open_standard_descriptors()) return 1;
  app::allow_core_dumps(false);
  map_large_blocks();
  const int short_of_memory = app::watch_for_shortage_of_memory();
  arguments = std::span(argv, static_cast<size_t>(argc));
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty() || args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    if (args.size() > 1 && args[0] == "help") return help_for(args[1]);
    (args.empty() ? std::cerr : std::cout) << kUsage;
    return args.empty() ? kBadUsage : 0;
  }
  if (args[0] == "--version" || args[0] == "-V" || args[0] == "version") {
    std::cout << "freshet " << FRESHET_VERSION << '\n';
    return 0;
  }
  const std::string& command = args[0];
  // Under Snuba's name nothing but Snuba's commands: whoever calls it so does not know that it is another program.
  if (std::filesystem::path(argv[0]).filename() == "snuba" && !snuba::is_command(command)) {
    std::cerr << "snuba (freshet): '" << command << "' is not served here, only rust-consumer and "
              << "accepted-outcomes-consumer; run Snuba's own program for it\n";
    return kBadUsage;
  }
  if (!is_command(command)) return unknown_command(command);
  const int status = carry_out(command, {args.begin() + 1, args.end()}, short_of_memory);
  return app::memory_is_short() ? app::kOutOfMemory : status;
}
