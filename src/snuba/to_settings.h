// Translates a resolved configuration to freshet's settings.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "settings/settings.h"
#include "snuba/consumer_config.h"

namespace freshet::snuba {

// Sources of live options besides --runtime-config.
struct LiveSources {
  std::string values_file;
  Redis redis;
  std::map<std::string, std::string> fixed;  // override Redis
};

struct Translated {
  settings::DefaultsLayer defaults;
  std::vector<std::string> flags;  // options that Snuba and freshet share, as given
  std::vector<std::string> refusals;
  std::vector<std::string> notices;
};

// `release`: SNUBA_RELEASE. If there are no refusals, the caller passes the defaults to settings::load(), with `flags`
// before all other flags. The result copies everything it needs.
Translated translate(const CommandLine& line, const ConsumerConfig& config, const LiveSources& live,
                     const std::string& release);

}  // namespace freshet::snuba
