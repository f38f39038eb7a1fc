// Where live options come from; filled by settings. Plain data.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace freshet::runtime_config {

struct RuntimeConfigSettings {
  std::string store;     // file:PATH or redis://[[user]:password@]host:port/db; empty = none
  std::string password;  // secret; of a store whose address has none
  std::string redis_hash = "snuba-config";
  std::string values_file;                   // Snuba's values.json (contract A.1), below `store`; empty = none
  std::map<std::string, std::string> fixed;  // key -> value, above both (CONFIG_STATE of contract A.2)
  std::string storage;                       // Snuba's, for keys of one storage; empty = none
  std::chrono::milliseconds poll_interval{1000};
};

}  // namespace freshet::runtime_config
