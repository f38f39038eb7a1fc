// Where live options come from; filled by settings. Plain data.
#pragma once

#include <chrono>
#include <string>

namespace freshet::runtime_config {

struct RuntimeConfigSettings {
  std::string store;  // file:PATH or redis://[[user]:password@]host:port/db; empty = none
  std::string redis_hash = "snuba-config";
  std::chrono::milliseconds poll_interval{1000};
};

}  // namespace freshet::runtime_config
