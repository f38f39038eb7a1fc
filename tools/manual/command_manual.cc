#include "command_manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/commands.h"
#include "settings/commands.h"
#include "settings/table.h"
#include "snuba/command_line.h"

namespace freshet::manual {
namespace {

// "a|b" are choices, also "a|b|..."; "file:PATH|redis://HOST" are not.
std::vector<std::string> choices_of(std::string_view placeholder) {
  std::vector<std::string> out;
  if (placeholder.find('|') == std::string_view::npos || placeholder.find(':') != std::string_view::npos) return out;
  while (!placeholder.empty()) {
    const size_t end = std::min(placeholder.find('|'), placeholder.size());
    if (placeholder.substr(0, end) != "...") out.emplace_back(placeholder.substr(0, end));
    placeholder.remove_prefix(std::min(end + 1, placeholder.size()));
  }
  return out;
}

void set_value(OptionManual& option) {
  using Value = OptionManual::Value;
  option.choices = choices_of(option.placeholder);
  option.value = !option.choices.empty()                  ? Value::Choice
                 : option.placeholder.empty()             ? Value::None
                 : option.placeholder.starts_with("FILE") ? Value::File
                 : option.placeholder == "DIR"            ? Value::Folder
                                                          : Value::Text;
}

OptionManual manual_of(const settings::Setting& setting) {
  OptionManual out;
  out.flag = settings::flag_of(setting);
  out.group = setting.group;
  out.placeholder = setting.placeholder;
  out.help = setting.help;
  if (!out.placeholder.empty()) out.fallback = settings::default_of(setting);
  out.repeatable = setting.repeatable;
  out.live = setting.live != nullptr;
  set_value(out);
  return out;
}

OptionManual manual_of(const snuba::Option& option) {
  using Kind = snuba::Option::Kind;
  OptionManual out;
  out.flag = fmt::format("--{}", option.name);
  out.group = "Snuba's options";
  out.placeholder = option.kind == Kind::Flag           ? ""
                    : option.kind == Kind::Choice       ? option.choices
                    : option.kind == Kind::MaybeInteger ? "[N]"
                    : option.kind == Kind::Integer      ? "N"
                                                        : "TEXT";
  out.help = option.no_effect.empty() ? option.help : fmt::format("accepted, without effect: {}", option.no_effect);
  if (option.no_effect.empty()) out.fallback = option.fallback;
  out.repeatable = option.repeatable;
  set_value(out);
  return out;
}

std::vector<OptionManual> settings_of(unsigned commands, unsigned but_not = 0) {
  std::vector<OptionManual> out;
  for (const settings::Setting& setting : settings::table()) {
    if ((setting.commands & commands) != 0 && (setting.commands & but_not) == 0) out.push_back(manual_of(setting));
  }
  return out;
}

CommandManual of_settings(const settings::Command& command) {
  return {std::string(command.name),
          std::string(command.synopsis),
          std::string(command.example),
          settings_of(command.bit),
          settings_of(command.accepts, command.bit),
          std::string(command.operand)};
}

// Snuba's options win over freshet's of the same name.
CommandManual of_snuba(const app::Command& command) {
  CommandManual out{std::string(command.name), std::string(command.synopsis), {}, {}, {}, {}};
  for (const snuba::Option& option : snuba::options_of(command.name)) out.options.push_back(manual_of(option));
  for (OptionManual& own : settings_of(settings::kRun)) {
    const bool known = std::any_of(out.options.begin(), out.options.end(),
                                   [&](const OptionManual& one) { return one.flag == own.flag; });
    if (!known) out.options.push_back(std::move(own));
  }
  return out;
}

}  // namespace

std::vector<CommandManual> command_manuals() {
  std::vector<CommandManual> out;
  for (const app::Command& command : app::commands()) {
    const auto own = std::find_if(settings::kCommands.begin(), settings::kCommands.end(),
                                  [&](const settings::Command& one) { return one.name == command.name; });
    out.push_back(own != settings::kCommands.end() ? of_settings(*own) : of_snuba(command));
  }
  return out;
}

std::string page_name(const CommandManual& command) {
  std::string name = "freshet-" + command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

}  // namespace freshet::manual
