// From a resolved configuration to our settings.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "settings/settings.h"
#include "snuba/consumer_config.h"

namespace freshet::snuba {

// Where live options come from besides --runtime-config.
struct LiveSources {
  std::string values_file;
  Redis redis;
  std::map<std::string, std::string> fixed;  // above what Redis says
};

struct Translated {
  settings::Foundation foundation;
  std::vector<std::string> flags;  // options that both know, as given
  std::vector<std::string> refusals;
  std::vector<std::string> notices;
};

// `release`: SNUBA_RELEASE. Without refusals the foundation is for settings::load(), with `flags` before the other
// flags; it holds copies of all it needs.
Translated translate(const CommandLine& line, const ConsumerConfig& config, const LiveSources& live,
                     const std::string& release);

}  // namespace freshet::snuba
