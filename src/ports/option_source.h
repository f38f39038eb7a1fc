// Port to the store of the runtime configuration: live options by key, as raw text.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace freshet {

// Key -> value as text; runtime_config/table gives it a type.
using RawOptions = std::map<std::string, std::string>;

// Threads: the options thread only, except for interrupt().
class OptionSource {
 public:
  virtual ~OptionSource() = default;
  // Reads the whole store, within 3 s. On an error the last good snapshot stays in force.
  virtual Result<RawOptions> read() = 0;
  // Ends a waiting read() and all later ones, for the stop. Threads: any.
  virtual void interrupt() noexcept {}
  // Why the last successful read() is incomplete: part of the store still has its earlier values.
  virtual std::optional<Error> degraded() const { return std::nullopt; }
  virtual std::string describe() const = 0;  // such as "file:/etc/freshet/options.yaml", without a password
};

}  // namespace freshet
