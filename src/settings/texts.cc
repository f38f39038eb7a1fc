// Texts generated from the table: --help, --print-config and docs/settings.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "settings/commands.h"
#include "settings/hints.h"
#include "settings/settings.h"
#include "settings/table.h"

namespace freshet::settings {
namespace {

// "run, check, dlq": `dlq` stands for all its commands.
std::string commands_of(const Setting& setting) {
  std::string out;
  const bool all_dlq = (setting.commands & kDlq) == kDlq;
  for (const Command& one : kCommands) {
    if ((setting.commands & one.bit) == 0 || (all_dlq && (one.bit & kDlq) != 0)) continue;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", one.name);
  }
  if (all_dlq) out += out.empty() ? "dlq" : ", dlq";
  return out;
}

// Lines of at most 100 characters.
std::string in_lines(std::string text) {
  constexpr size_t kWidth = 100;
  for (size_t begin = 0; text.size() - begin > kWidth;) {
    const size_t blank = text.rfind(' ', begin + kWidth);
    if (blank == std::string::npos || blank <= begin) break;
    text[blank] = '\n';
    begin = blank + 1;
  }
  return text + '\n';
}

}  // namespace

std::string about_sources() {
  const auto secrets = secret_variables();
  return fmt::format(
      "Each has an environment variable (--max-batch-size: FRESHET_MAX_BATCH_SIZE) and a key in the file of --config "
      "(max_batch_size). A flag wins over the environment, the environment over the file. Instead of their files the "
      "secrets may stand in {} and {}.",
      fmt::join(secrets.begin(), secrets.end() - 1, ", "), secrets.back());
}

bool wants_help(const std::vector<std::string>& args) {
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) { return arg == "--help" || arg == "-h"; });
}

std::string help(std::string_view name) {
  const Command& one = command(name);
  return fmt::format("freshet {} - {}\n\n  {}\n", one.name, one.synopsis, one.example) +
         option_help(name, [](std::string_view) { return false; });
}

std::string option_help(std::string_view name, const std::function<bool(std::string_view)>& skip) {
  std::string out;
  const Command& of = command(name);
  std::string_view group;
  for (const Setting& setting : table()) {
    if ((setting.commands & of.bit) == 0 || skip(setting.name)) continue;
    if (setting.group != group) out += fmt::format("\n{}\n", group = setting.group);
    std::string left = fmt::format("  {} {}", flag_of(setting), setting.placeholder);
    if (left.size() > 38) {
      out += left + "\n";
      left.clear();
    }
    out += fmt::format("{:<38}  {}", left, setting.help);
    if (setting.live != nullptr) out += "; live";
    const std::string fallback = default_of(setting);
    if (!fallback.empty() && !setting.placeholder.empty()) out += fmt::format(" [{}]", fallback);
    if (setting.repeatable) out += " (repeatable)";
    out += '\n';
  }
  if (of.accepts == (of.bit | kRun) && of.bit != kRun) {
    out += "\nEvery other option of `freshet run` is accepted too, so that its command line can be used as it is.\n";
  }
  return out + '\n' + in_lines(about_sources());
}

std::string to_yaml(const Loaded& loaded) {
  std::string out;
  for (const EffectiveValue& value : loaded.effective) {
    out += fmt::format("{:<60}  # {}\n", fmt::format("{}: {}", value.key, value.value), value.source);
  }
  return out;
}

std::string to_markdown() {
  std::string out =
      "# Settings\n\n"
      "One table (`src/settings/table.cc`) makes the flags, the environment variables, the keys of the YAML file,\n"
      "`--help` and this page; settings marked *live* can change while the process runs ([runtime "
      "options](runtime-options.md)). A flag wins over the environment, the environment over the file, the file over "
      "the\n"
      "default. An empty variable counts as unset. Unknown flags and keys, wrong values and combinations that cannot\n"
      "work are refused at the start, all at once, with exit status 2. `freshet run --print-config` shows the\n"
      "effective values and their sources; secrets are masked.\n\n"
      "The variable of `--max-batch-size` is `FRESHET_MAX_BATCH_SIZE`, its key in the file `max_batch_size`.\n"
      "Repeatable settings are given again and again as flags, separated by commas in the environment, and as a list\n"
      "or map in the file. The file may hold the settings at the top or inside `pipelines: [{...}]`, a list of one.\n"
      "\nInstead of a file, a secret may come from a command (`exec:COMMAND` in the place of FILE) or stand in a "
      "variable:\n" +
      in_lines(fmt::format("`{}` ([operations.md](operations.md#secrets)).", fmt::join(secret_variables(), "`, `"))) +
      "\n`freshet check`, `freshet tap`, `freshet explain`, `freshet suggest-table` and `freshet dlq` accept every "
      "option of `freshet run`; the table says which "
      "they "
      "use.\n";
  std::string_view group;
  for (const Setting& setting : table()) {
    if (setting.group != group) {
      out += fmt::format("\n## {}\n\n| Flag | Value | Default | For | What |\n|---|---|---|---|---|\n",
                         group = setting.group);
    }
    const std::string commands = commands_of(setting);
    const std::string fallback = default_of(setting);
    std::string placeholder(setting.placeholder);
    for (size_t at = 0; (at = placeholder.find('|', at)) != std::string::npos; at += 2) placeholder.insert(at, "\\");
    out += fmt::format("| `{}` | {} | {} | {} | {}{} |\n", flag_of(setting),
                       placeholder.empty() ? "switch" : fmt::format("`{}`", placeholder),
                       fallback.empty() ? "" : fmt::format("`{}`", fallback), commands, setting.help,
                       setting.live != nullptr ? "; live"
                       : setting.repeatable    ? "; repeatable"
                                               : "");
  }
  return out;
}

}  // namespace freshet::settings
