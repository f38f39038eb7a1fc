// The commands of freshet and their options, as man pages and shell completions present them. Everything comes from the
// tables that --help is made from.
#pragma once

#include <string>
#include <vector>

namespace freshet::manual {

struct OptionManual {
  // What a shell completes a value with.
  enum class Value { None, Text, Choice, File, Folder };

  std::string flag;         // "--max-batch-size"
  std::string group;        // heading
  std::string placeholder;  // of the value; empty = a switch
  std::string help;
  std::string fallback;  // the default; empty = none
  bool repeatable = false;
  bool live = false;  // can change while the process runs
  Value value = Value::None;
  std::vector<std::string> choices;  // of a Choice
};

struct CommandManual {
  std::string name;  // one word, or two with a blank between
  std::string synopsis;
  std::string example;
  std::vector<OptionManual> options;     // its own
  std::vector<OptionManual> also_taken;  // those of `freshet run` that it accepts, so that a command line can be reused
  std::string operand = {};              // the name of its argument without dashes, which may be absent; empty: none
};

std::vector<CommandManual> command_manuals();

// The name of the command's page, without section: "freshet-dlq-list".
std::string page_name(const CommandManual& command);

}  // namespace freshet::manual
