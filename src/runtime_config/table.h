// The table of live options, one line each. It generates the reading of the store, the flags of `freshet run`, /status,
// the log of changes and docs/runtime-options.md.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/options.h"
#include "model/status.h"
#include "ports/option_source.h"

namespace freshet::runtime_config {

// Replaces "<group>" and "<storage>" in the keys of options that each consumer group or storage has separately.
struct OptionScope {
  std::string consumer_group;
  std::string storage = {};  // Snuba's; empty = options of storages do not exist
};

// Range of numbers that an option accepts, inclusive.
struct Range {
  static constexpr int64_t kAny = std::numeric_limits<int64_t>::max();

  int64_t least = 0;
  int64_t most = kAny;
  std::string_view unit = {};  // "rows", "ms"
  std::string_view zero = {};  // meaning of 0: "off"
};

// The flag that sets the start value; an option without a flag starts with its default.
struct OptionFlag {
  std::string_view name = {};  // without the dashes; empty = no flag
  std::string_view group = {};
  std::string_view placeholder = {};  // of the value; empty = a switch
  std::string_view help = {};
  int64_t most = Range::kAny;  // if the flag accepts less than the store
};

// What replaces a value that is refused.
enum class WhenBad {
  KeepCurrent,
  StartValue,  // of this process
  Default,     // of the program
};

struct LiveOption {
  std::string_view key;
  std::string_view type;     // "integer", "number", "text", "level", "flag"
  std::string_view accepts;  // for people; empty = derived from the range
  Range range;               // for numbers
  OptionFlag flag;
  std::string_view affects;
  // Parses `value`. The text of an error says what would be valid.
  Status (*apply)(LiveOptions&, std::string_view value, const Range& range);
  void (*copy)(LiveOptions& to, const LiveOptions& from);
  std::string (*show)(const LiveOptions&);
  WhenBad when_bad = WhenBad::KeepCurrent;
};

std::span<const LiveOption> table();
// The key as in the store; empty if it contains a placeholder that the scope has no value for.
std::string key_of(const LiveOption& option, const OptionScope& scope);

struct BadOption {
  std::string key;
  std::string value;
  std::string why;
};

// Applies `raw` to `base`. A key that is absent keeps the value of `base`; unknown keys are ignored. A bad value is
// replaced as LiveOption::when_bad says (`last`: the options currently in force) and listed in `bad`.
LiveOptions read_options(const RawOptions& raw, const OptionScope& scope, const LiveOptions& base,
                         const LiveOptions& last, std::vector<BadOption>& bad);

// Every option of the scope as in /status: by the name of its flag ('_' for '-'), or else by its key.
std::vector<OptionStatus> options_status(const LiveOptions& options, const OptionScope& scope);

// The text of docs/runtime-options.md.
std::string to_markdown();

}  // namespace freshet::runtime_config
