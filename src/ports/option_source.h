// The door to the runtime-config store: live options as raw text by key.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"

namespace freshet {

// Key -> value as text (typed later by runtime_config/table).
using RawOptions = std::map<std::string, std::string>;

// Threads: the options thread only.
class OptionSource {
 public:
  virtual ~OptionSource() = default;
  // The whole store, read now, bounded in time (2 s). An error changes nothing: the last good snapshot stays.
  virtual Result<RawOptions> read() = 0;
  virtual std::string describe() const = 0;  // "file:/etc/freshet/options.yaml", never with a password
};

}  // namespace freshet
