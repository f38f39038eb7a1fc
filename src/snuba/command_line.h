// The command lines of `snuba rust-consumer` and `snuba accepted-outcomes-consumer`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::snuba {

// An option of Snuba, as Snuba's --help names it.
struct Option {
  enum class Kind {
    Text,
    Integer,
    Choice,        // one of `choices`
    Flag,          // no value
    MaybeInteger,  // with or without a value
  };
  std::string_view name;  // without the dashes
  Kind kind;
  std::string_view fallback;  // default as text; empty = none
  std::string_view help;
  std::string_view choices;         // "a|b"; case-insensitive for --log-level
  bool repeatable = false;          // otherwise the last value wins
  std::string_view no_effect = {};  // why it has no effect here; logged once at start
};

const std::vector<Option>& options_of(std::string_view command);

// Snuba's options as given on the command line.
class CommandLine {
 public:
  bool given(std::string_view name) const { return values_.contains(name); }
  bool flag(std::string_view name) const { return given(name); }
  // The last value, the option's default, or "".
  std::string text(std::string_view name) const;
  // Every value in order.
  std::vector<std::string> all(std::string_view name) const;
  // For integer options only; none if there is neither a value nor a default.
  std::optional<int64_t> integer(std::string_view name) const;

  std::string command;
  std::vector<std::string> others;  // freshet's own options, unchanged, for settings::load

 private:
  friend class Parser;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Parsed {
  CommandLine line;
  std::vector<std::string> refusals;  // empty = the command line is valid
  std::vector<std::string> notices;   // options that are accepted without effect
};

Parsed parse(std::string_view command, const std::vector<std::string>& args);

// The options of `command` for --help; the caller adds freshet's own.
std::string help(std::string_view command);

}  // namespace freshet::snuba
