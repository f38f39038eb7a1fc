// What the demo shows, and what to try while it runs.
#pragma once

#include <cstdint>
#include <string>

namespace freshet::app {

struct DemoIntroduction {
  std::string program;        // path of freshet
  std::string config;         // path of its configuration
  std::string admin_address;  // http://HOST:PORT/
  std::string clickhouse_url;
  std::string table;
  uint64_t events_per_second = 0;
  bool renews = false;
};

// Lines of at most 80 columns, as far as paths are short, which fit above LiveView into a terminal of 24 lines.
std::string to_text(const DemoIntroduction& introduction);

}  // namespace freshet::app
