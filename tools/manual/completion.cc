#include "completion.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace freshet::manual {
namespace {

using Value = OptionManual::Value;

std::vector<const OptionManual*> accepted(const CommandManual& command) {
  std::vector<const OptionManual*> out;
  for (const OptionManual& one : command.options) out.push_back(&one);
  for (const OptionManual& one : command.also_taken) out.push_back(&one);
  return out;
}

// How bash completes the value of an option; empty if it offers nothing.
std::string bash_values(const OptionManual& option) {
  if (option.value == Value::File) return "compgen -f -- \"$word\"";
  if (option.value == Value::Folder) return "compgen -d -- \"$word\"";
  if (option.value != Value::Choice) return "";
  return fmt::format("compgen -W '{}' -- \"$word\"", fmt::join(option.choices, " "));
}

// The lines of `case "$command $previous"` that complete values.
std::string bash_value_cases(const std::vector<CommandManual>& commands) {
  std::map<std::string, std::string> patterns;  // by the way of completion
  for (const CommandManual& command : commands) {
    for (const OptionManual* option : accepted(command)) {
      if (option->value == Value::None) continue;
      std::string& pattern = patterns[bash_values(*option)];
      pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : " | ", command.name, option->flag);
    }
  }
  std::string out;
  for (const auto& [values, pattern] : patterns)
    out += fmt::format("    {})\n{}      return 0 ;;\n", pattern, values.empty() ? "" : "      " + values + "\n");
  return out;
}

// First words of commands, each with the second words of its commands (none if the command has one word).
std::map<std::string, std::vector<std::string>> words_of(const std::vector<CommandManual>& commands) {
  std::map<std::string, std::vector<std::string>> words;
  for (const CommandManual& command : commands) {
    const size_t blank = command.name.find(' ');
    std::vector<std::string>& second = words[command.name.substr(0, blank)];
    if (blank != std::string::npos) second.push_back(command.name.substr(blank + 1));
  }
  return words;
}

// Every flag whose value is a path, each with a space behind it.
std::string file_flags(const std::vector<CommandManual>& commands) {
  std::set<std::string> flags;
  for (const CommandManual& command : commands) {
    for (const OptionManual* option : accepted(command)) {
      if (option->value == Value::File || option->value == Value::Folder) flags.insert(option->flag);
    }
  }
  std::string out;
  for (const std::string& flag : flags) out += flag + " ";
  return out;
}

// Inside '...' of zsh's _arguments, where colons and brackets separate parts.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const OptionManual& option) {
  switch (option.value) {
    case Value::None:
      return "";
    case Value::File:
      return ":file:_files";
    case Value::Folder:
      return ":folder:_files -/";
    case Value::Choice:
      return fmt::format(":value:({})", fmt::join(option.choices, " "));
    case Value::Text:
      break;
  }
  return fmt::format(":{}: ", zsh_text(option.placeholder));
}

std::string zsh_argument(const OptionManual& option) {
  return fmt::format("'{}{}[{}]{}'", option.repeatable ? "*" : "", option.flag, zsh_text(option.help),
                     zsh_values(option));
}

}  // namespace

std::string bash_completion(const std::vector<CommandManual>& commands) {
  std::string names;
  std::string flags;
  std::string groups;  // first words of two
  for (const auto& [first, second] : words_of(commands)) {
    names += first + " ";
    if (second.empty()) continue;
    groups += first + " ";
    flags += fmt::format("    {})\n      flags='{} --help' ;;\n", first, fmt::join(second, " "));
  }
  for (const CommandManual& command : commands) {
    flags += fmt::format("    '{}')\n      flags='--help", command.name);
    for (const OptionManual* option : accepted(command)) flags += " " + option->flag;
    flags += "' ;;\n";
  }
  return fmt::format(R"(# bash completion for freshet; made from the tables of `freshet --help`.
_freshet_words() {{
  local command="$1" previous="$2" word="$3" flags=''
  case "$command $previous" in
{values}  esac
  case "$command" in
{flags}    *)
      flags='{names}help --help --version' ;;
  esac
  compgen -W "$flags" -- "$word"
  return 0
}}
_freshet() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" command=''
  if [[ $COMP_CWORD -gt 1 ]]; then command="${{COMP_WORDS[1]}}"; fi
  if [[ $COMP_CWORD -gt 2 && ' {groups}' == *" $command "* ]]; then command+=" ${{COMP_WORDS[2]}}"; fi
  # Adds a slash to folders.
  if [[ ' {files}' == *" $previous "* ]]; then compopt -o filenames; fi
  mapfile -t COMPREPLY < <(_freshet_words "$command" "$previous" "$word")
}}
complete -F _freshet freshet
)",
                     fmt::arg("values", bash_value_cases(commands)), fmt::arg("flags", flags), fmt::arg("names", names),
                     fmt::arg("groups", groups), fmt::arg("files", file_flags(commands)));
}

std::string zsh_completion(const std::vector<CommandManual>& commands) {
  std::string names;
  std::string seconds;
  std::string cases;
  for (const auto& [first, second] : words_of(commands)) {
    if (!second.empty())
      names += fmt::format("    '{}:{}'\n", first, zsh_text(fmt::format("{}", fmt::join(second, ", "))));
    if (!second.empty()) seconds += fmt::format("    {}) second=({}) ;;\n", first, fmt::join(second, " "));
  }
  for (const CommandManual& command : commands) {
    if (command.name.find(' ') == std::string::npos) {
      names += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.synopsis));
    }
    cases += fmt::format("    '{}')\n      _arguments \\\n        '--help[explain every option]'", command.name);
    for (const OptionManual* option : accepted(command)) cases += " \\\n        " + zsh_argument(*option);
    if (!command.operand.empty()) cases += fmt::format(" \\\n        '::{}: '", zsh_text(command.operand));
    cases += " ;;\n";
  }
  return fmt::format(R"(#compdef freshet
# Made from the tables of `freshet --help`.
_freshet() {{
  local -a commands=(
{names}  ) second=()
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{seconds}  esac
  if (( $#second )); then
    if (( CURRENT == 2 )); then
      compadd -- $second
      return
    fi
    command="$command $words[2]"
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{cases}  esac
}}
_freshet "$@"
)",
                     fmt::arg("names", names), fmt::arg("seconds", seconds), fmt::arg("cases", cases));
}

}  // namespace freshet::manual
