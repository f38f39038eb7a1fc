// The table of live options: one line each, from which reading, docs/runtime-options.md and refusals come.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/options.h"
#include "ports/option_source.h"

namespace freshet::runtime_config {

// What stands in a key in place of "<group>" and "<storage>": options of which each consumer group or storage has its
// own.
struct OptionScope {
  std::string consumer_group;
  std::string storage = {};  // Snuba's; empty = there are none of its options
};

struct LiveOption {
  std::string_view key;
  std::string_view type;   // "integer", "number", "text", "level", "flag"
  std::string_view range;  // for people
  std::string_view affects;
  // The error's text says what would be right.
  Status (*apply)(LiveOptions&, std::string_view value);
  void (*copy)(LiveOptions& to, const LiveOptions& from);
  std::string (*show)(const LiveOptions&);
  // What a bad value means instead; none: what was in force stays in force.
  void (*when_bad)(LiveOptions& to, const LiveOptions& base) = nullptr;
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
// value keeps that of `last`, or is what the table says, and is listed in `bad`.
LiveOptions read_options(const RawOptions& raw, const OptionScope& scope, const LiveOptions& base,
                         const LiveOptions& last, std::vector<BadOption>& bad);

std::string to_markdown();

}  // namespace freshet::runtime_config
