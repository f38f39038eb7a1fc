#include "snuba/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace freshet::snuba {
namespace {

const Option* find(std::string_view command, std::string_view name) {
  const auto& options = options_of(command);
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
  return found == options.end() ? nullptr : &*found;
}

std::optional<int64_t> to_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_choice(std::string_view choices, std::string_view value) {
  for (size_t begin = 0; begin <= choices.size();) {
    const size_t bar = std::min(choices.find('|', begin), choices.size());
    if (choices.substr(begin, bar - begin) == value) return true;
    begin = bar + 1;
  }
  return false;
}

}  // namespace

class Parser {
 public:
  Parser(std::string_view command, const std::vector<std::string>& args) : args_(args) {
    parsed_.line.command = command;
    while (at_ < args_.size()) take();
    for (const Option& option : options_of(command)) {
      if (!option.no_effect.empty() && parsed_.line.given(option.name)) {
        parsed_.notices.push_back(fmt::format("--{}: accepted, without effect: {}", option.name, option.no_effect));
      }
    }
  }

  Parsed finish() { return std::move(parsed_); }

 private:
  void take() {
    const std::string& arg = args_[at_++];
    const size_t equals = arg.find('=');
    const std::string name =
        arg.starts_with("--") ? arg.substr(2, equals == std::string::npos ? equals : equals - 2) : "";
    const Option* option = find(parsed_.line.command, name);
    if (option == nullptr) return take_other(arg, equals != std::string::npos);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = arg.substr(equals + 1);
    if (option->kind == Option::Kind::Flag) {
      if (value) return refuse(fmt::format("--{}: takes no value", name));
      return take_flag(name);
    }
    if (!value && at_ < args_.size() && !(option->kind == Option::Kind::MaybeInteger && args_[at_].starts_with('-'))) {
      value = args_[at_++];
    }
    if (!value && option->kind != Option::Kind::MaybeInteger) {
      return refuse(fmt::format("--{}: its value is missing", name));
    }
    take_value(*option, value.value_or("50"));
  }

  // An option of freshet's own, with the next argument if that can be its value; settings::load decides.
  void take_other(const std::string& arg, bool has_value) {
    parsed_.line.others.push_back(arg);
    if (!has_value && arg.starts_with("--") && at_ < args_.size() && !args_[at_].starts_with("--")) {
      parsed_.line.others.push_back(args_[at_++]);
    }
  }

  void take_flag(const std::string& name) {
    // Each pair is two flags for one setting: the last one given wins.
    for (const auto& [one, other] :
         {std::pair{"use-rust-processor", "use-python-processor"}, std::pair{"skip-write", "no-skip-write"}}) {
      if (name == one) parsed_.line.values_.erase(other);
      if (name == other) parsed_.line.values_.erase(one);
    }
    parsed_.line.values_[name] = {"true"};
  }

  void take_value(const Option& option, std::string value) {
    if (option.kind == Option::Kind::Integer || option.kind == Option::Kind::MaybeInteger) {
      if (!to_integer(value)) return refuse(fmt::format("--{}: '{}' is not an integer", option.name, value));
    }
    if (option.kind == Option::Kind::Choice) {
      if (option.name == "log-level") value = lower(std::move(value));
      if (!is_choice(option.choices, value)) {
        return refuse(fmt::format("--{}: '{}' is none of: {}", option.name, value, option.choices));
      }
    }
    auto& values = parsed_.line.values_[std::string(option.name)];
    if (!option.repeatable) values.clear();
    values.push_back(std::move(value));
  }

  void refuse(std::string text) { parsed_.refusals.push_back(std::move(text)); }

  const std::vector<std::string>& args_;
  size_t at_ = 0;
  Parsed parsed_;
};

Parsed parse(std::string_view command, const std::vector<std::string>& args) { return Parser(command, args).finish(); }

std::string CommandLine::text(std::string_view name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second.back();
  const Option* option = find(command, name);
  return option == nullptr ? std::string() : std::string(option->fallback);
}

std::vector<std::string> CommandLine::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::optional<int64_t> CommandLine::integer(std::string_view name) const { return to_integer(text(name)); }

}  // namespace freshet::snuba
