#include "man_page.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "settings/settings.h"

namespace freshet::manual {
namespace {

// The characters that roff would interpret. A line that begins with a dot or an apostrophe would be a request.
std::string roff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    at_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string title(std::string_view name, const Edition& edition) {
  std::string upper(name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return fmt::format(".TH {} 1 {} \"freshet {}\" \"User Commands\"\n.ad l\n", roff(upper), edition.date,
                     roff(edition.version));
}

std::string literal(std::string_view text) { return fmt::format(".EX\n{}\n.EE\n", roff(text)); }

std::string item(const OptionManual& option) {
  std::string out = fmt::format(".TP\n\\fB{}\\fR", roff(option.flag));
  if (!option.placeholder.empty()) out += fmt::format(" \\fI{}\\fR", roff(option.placeholder));
  out += '\n' + roff(option.help);
  if (option.live) out += "; live";
  if (!option.fallback.empty()) out += fmt::format(" [{}]", roff(option.fallback));
  if (option.repeatable) out += " (repeatable)";
  return out + '\n';
}

std::string items(const std::vector<OptionManual>& options) {
  std::string out;
  std::string_view group;
  for (const OptionManual& option : options) {
    if (option.group != group) out += fmt::format(".SS {}\n", roff(group = option.group));
    out += item(option);
  }
  return out;
}

std::string about_options() {
  return settings::about_sources() + " An option that is marked live can change while the process runs.";
}

using Line = std::pair<std::string_view, std::string_view>;

constexpr std::array kExitStatuses = {
    Line{"0", "The command succeeded, or the process was stopped in order."},
    Line{"1", "The command failed, or a second signal ended a stop."},
    Line{"2", "The command line or the configuration is refused, or the system refuses a thread at startup."},
    Line{"3", "There was no memory."},
};

constexpr std::array kSignals = {
    Line{"SIGTERM, SIGINT, SIGHUP",
         "Stop: batches in flight and rows that are ready are written and committed, for at most --drain-timeout-ms. A "
         "second one exits at once."},
    Line{"SIGUSR1", "Requests a new Kafka consumer."},
};

constexpr std::array kFiles = {
    Line{"/etc/freshet/NAME.yaml", "Configuration of the service freshet@NAME."},
    Line{"/etc/freshet/NAME.env", "Environment of the service freshet@NAME; optional."},
    Line{"/run/freshet/NAME/health", "Touched every second while the main loop of the service runs."},
};

template <typename Lines>
std::string list(const Lines& lines) {
  std::string out;
  for (const auto& [left, right] : lines) out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(left), roff(right));
  return out;
}

}  // namespace

std::string program_page(const std::vector<CommandManual>& commands, const Edition& edition) {
  std::string out = title("freshet", edition) + ".SH NAME\nfreshet \\- streams Kafka topics into ClickHouse\n";
  out += ".SH SYNOPSIS\n.B freshet\n.I COMMAND\n[\\fB\\-\\-help\\fR] [\\fIOPTIONS\\fR]\n";
  out += ".br\n.B freshet \\-\\-version\n";
  out += ".SH COMMANDS\n";
  std::string pages;
  for (const CommandManual& command : commands) {
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(command.name), roff(command.synopsis));
    pages += fmt::format("{}.BR {} (1)", pages.empty() ? "" : ",\n", roff(page_name(command)));
  }
  out += ".SH CONFIGURATION\n" + roff(about_options()) + '\n';
  out += ".SH EXIT STATUS\n" + list(kExitStatuses) + ".SH SIGNALS\n" + list(kSignals);
  out += ".SH FILES\n" + list(kFiles) + ".SH EXAMPLE\n" + literal(commands.front().example);
  return out + ".SH SEE ALSO\n" + pages + '\n';
}

std::string command_page(const CommandManual& command, const Edition& edition) {
  const std::string name = page_name(command);
  std::string out = title(name, edition);
  out += fmt::format(".SH NAME\n{} \\- {}\n", roff(name), roff(command.synopsis));
  out += fmt::format(".SH SYNOPSIS\n.B freshet {}\n[\\fIOPTIONS\\fR]{}\n", roff(command.name),
                     command.operand.empty() ? "" : fmt::format(" [\\fI{}\\fR]", roff(command.operand)));
  if (!command.example.empty()) out += ".SH EXAMPLE\n" + literal(command.example);
  out += ".SH OPTIONS\n" + roff(about_options()) + '\n';
  if (!command.also_taken.empty()) {
    out +=
        ".PP\nEvery other option of\n.BR freshet\\-run (1)\nis accepted too, so that its command line can be used as "
        "it is.\n";
  }
  return out + items(command.options) + ".SH SEE ALSO\n.BR freshet (1)\n";
}

}  // namespace freshet::manual
