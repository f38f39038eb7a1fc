// The command lines of `snuba rust-consumer` (contract 1) and `snuba accepted-outcomes-consumer` (contract 15).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::snuba {

// One of the reference's options, as its own help names them.
struct Option {
  enum class Kind {
    Text,
    Integer,
    Choice,        // one of `choices`
    Flag,          // no value
    MaybeInteger,  // a value or none
  };
  std::string_view name;  // without the dashes
  Kind kind;
  std::string_view fallback;  // as text; empty = none
  std::string_view help;
  std::string_view choices;         // "a|b"; of --log-level in any case
  bool repeatable = false;          // else the last one counts
  std::string_view no_effect = {};  // why it changes nothing here; said once at the start
};

const std::vector<Option>& options_of(std::string_view command);

// What was given, options of freshet's own apart.
class CommandLine {
 public:
  bool given(std::string_view name) const { return values_.contains(name); }
  bool flag(std::string_view name) const { return given(name); }
  // The last value, or the option's default, or "".
  std::string text(std::string_view name) const;
  // Every value in order.
  std::vector<std::string> all(std::string_view name) const;
  // Only for integer options; none when there is neither a value nor a default.
  std::optional<int64_t> integer(std::string_view name) const;

  std::string command;
  std::vector<std::string> others;  // freshet's own options, untouched, for settings::load

 private:
  friend class Parser;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Parsed {
  CommandLine line;
  std::vector<std::string> refusals;  // empty = it can be used
  std::vector<std::string> notices;   // options that are accepted and change nothing
};

Parsed parse(std::string_view command, const std::vector<std::string>& args);

// The options of `command` as --help shows them; freshet's own follow elsewhere.
std::string help(std::string_view command);

}  // namespace freshet::snuba
