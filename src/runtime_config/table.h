// The table of live options: one line each. Reading the store, the flags of `freshet run`, /status, the log of changes
// and docs/runtime-options.md come from it.
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

// What stands in a key in place of "<group>" and "<storage>": options of which each consumer group or storage has its
// own.
struct OptionScope {
  std::string consumer_group;
  std::string storage = {};  // Snuba's; empty = there are none of its options
};

// Which numbers an option takes.
struct Range {
  static constexpr int64_t kAny = std::numeric_limits<int64_t>::max();

  int64_t least = 0;
  int64_t most = kAny;
  std::string_view unit = {};  // "rows", "ms"
  std::string_view zero = {};  // what 0 means: "off"
};

// The flag that gives the value which the process starts with; an option without a flag starts with its default.
struct OptionFlag {
  std::string_view name = {};  // without the dashes; empty = there is none
  std::string_view group = {};
  std::string_view placeholder = {};  // of the value; empty = a switch
  std::string_view help = {};
  int64_t most = Range::kAny;  // where the flag takes less than the store does
};

// What a value that is refused means.
enum class WhenBad {
  KeepCurrent,
  StartValue,  // of this process
  Default,     // of the program
};

struct LiveOption {
  std::string_view key;
  std::string_view type;     // "integer", "number", "text", "level", "flag"
  std::string_view accepts;  // for people; empty = the range says it
  Range range;               // of a number
  OptionFlag flag;
  std::string_view affects;
  // The error's text says what would be right.
  Status (*apply)(LiveOptions&, std::string_view value, const Range& range);
  void (*copy)(LiveOptions& to, const LiveOptions& from);
  std::string (*show)(const LiveOptions&);
  WhenBad when_bad = WhenBad::KeepCurrent;
};

std::span<const LiveOption> table();
// The key as it stands in the store; empty where the scope has no storage for it.
std::string key_of(const LiveOption& option, const OptionScope& scope);

struct BadOption {
  std::string key;
  std::string value;
  std::string why;
};

// `base` with what `raw` says; a key that is absent keeps base's value, keys that are none of ours are ignored. A bad
// value is what LiveOption::when_bad says (`last` is what was in force), and is listed in `bad`.
LiveOptions read_options(const RawOptions& raw, const OptionScope& scope, const LiveOptions& base,
                         const LiveOptions& last, std::vector<BadOption>& bad);

// Every option of the scope as /status shows it: under the name of its flag ('_' for '-') or else its key.
std::vector<OptionStatus> options_status(const LiveOptions& options, const OptionScope& scope);

// docs/runtime-options.md.
std::string to_markdown();

}  // namespace freshet::runtime_config
