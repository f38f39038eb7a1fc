#include "app/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "app/check_command.h"
#include "app/dlq_command.h"
#include "app/explain_command.h"
#include "app/process_command.h"
#include "app/renew_command.h"
#include "app/run_command.h"
#include "app/suggest_table_command.h"
#include "app/tap_command.h"
#include "app/top_command.h"
#include "settings/commands.h"
#include "snuba/load.h"

namespace freshet::app {
namespace {

using Kind = Command::Kind;

tl::expected<settings::Loaded, settings::Refusals> load(std::string_view name, const Command::Arguments& arguments,
                                                        const Command::Environment& environment) {
  return settings::load(name, arguments, environment);
}

// A command with settings in settings/commands.h.
constexpr Command own(std::string_view name, Kind kind, decltype(Command::run) run) {
  return {name, settings::command(name).synopsis, kind, load, settings::help, run};
}

// From now on the first stop signal requests signals.stop(), instead of an exit at once.
void ends_in_order(OperatorSignals& signals) {
  signals.attach({[] {}, [] { return false; }});
}

// A command about dead letters. It must not end within a transaction.
template <int (*Run)(const settings::Settings&, Clock&, std::stop_token, CommandOutput)>
constexpr Command about_dead_letters(std::string_view name) {
  return own(name, Kind::Client, [](const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
    ends_in_order(signals);
    return Run(loaded.settings, clock, signals.stop(), {std::cout, std::cerr});
  });
}

// A command of Snuba's, with Snuba's options and environment variables.
constexpr Command of_snuba(std::string_view name, std::string_view synopsis) {
  return {name, synopsis, Kind::Consumer, snuba::load, snuba::full_help, run, true};
}

constexpr std::array kCommands = {
    own("run", Kind::Consumer, run),
    own("check", Kind::Client,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals&) {
          return check(loaded, clock, std::cout, std::cerr);
        }),
    own("tap", Kind::Client,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
          return tap(loaded.settings, clock, signals.stop(), std::cout, std::cerr);
        }),
    own("process", Kind::Filter,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals&) {
          return process(loaded.settings, clock, std::cin, std::cout, std::cerr);
        }),
    own("explain", Kind::Client,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
          return explain(loaded.settings, clock, signals.stop(), {std::cin, std::cout, std::cerr});
        }),
    own("suggest-table", Kind::Client,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
          return suggest_table(loaded.settings, clock, signals.stop(), std::cout, std::cerr);
        }),
    own("renew", Kind::Client,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
          return renew(loaded.settings, clock, signals.stop(), std::cout);
        }),
    own("top", Kind::Client,
        [](const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
          ends_in_order(signals);
          return top(loaded.settings, clock, signals.stop(), std::cout);
        }),
    about_dead_letters<dlq_list>("dlq list"),
    about_dead_letters<dlq_show>("dlq show"),
    about_dead_letters<dlq_count>("dlq count"),
    about_dead_letters<dlq_replay>("dlq replay"),
    about_dead_letters<dlq_purge>("dlq purge"),
    of_snuba("rust-consumer", "Snuba's command; also as `snuba COMMAND` through a link"),
    of_snuba("accepted-outcomes-consumer", "Snuba's command"),
};

constexpr size_t longest_name() {
  size_t longest = 0;
  for (const Command& one : kCommands) longest = std::max(longest, one.name.size());
  return longest;
}

std::string line_of(const Command& one) { return fmt::format("  {:{}}  {}\n", one.name, longest_name(), one.synopsis); }

}  // namespace

std::span<const Command> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

ChosenCommand choose_command(std::span<const std::string> args) {
  if (args.size() > 1) {
    if (const Command* command = find_command(args[0] + ' ' + args[1])) return {command, 2};
  }
  return {args.empty() ? nullptr : find_command(args[0]), 1};
}

std::string usage() {
  std::string out =
      "freshet streams Kafka topics into ClickHouse. It recreates its Kafka consumer in-process, on a schedule or "
      "when\n"
      "the consumer stalls, without a rebalance.\n\n"
      "usage: freshet COMMAND [--help] [OPTIONS]\n\n";
  for (const Command& one : kCommands) out += line_of(one);
  return out +
         "\n`freshet check rust-consumer ...` checks what Snuba's command would use.\n\n"
         "  " +
         std::string(settings::command("run").example) + "\n";
}

std::string usage_of(std::string_view first_word) {
  std::string out;
  for (const Command& one : kCommands) {
    if (one.name.substr(0, one.name.find(' ')) == first_word && one.name != first_word) out += line_of(one);
  }
  return out;
}

}  // namespace freshet::app
