// Where live options come from. Filled by the settings module. Plain data.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "secrets/secret.h"

namespace freshet::runtime_config {

struct RuntimeConfigSettings {
  std::string store;               // file:PATH or redis://[[user]:password@]host:port/db; empty = none
  secrets::SecretSource password;  // used if the address of the store has none
  std::string redis_hash = "snuba-config";
  std::string values_file;  // Snuba's values.json (docs/runtime-options.md), overridden by `store`; empty = none
  std::map<std::string, std::string> fixed;  // key -> value, overrides both (Snuba's CONFIG_STATE, docs/snuba.md)
  std::string storage;                       // Snuba's, for keys that name a storage; empty = none
  std::chrono::milliseconds poll_interval{1000};
};

}  // namespace freshet::runtime_config
