// Port to the runtime-config store: live options as raw text by key.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace freshet {

// Key -> value as text (typed later by runtime_config/table).
using RawOptions = std::map<std::string, std::string>;

// Threads: the options thread only, but for interrupt().
class OptionSource {
 public:
  virtual ~OptionSource() = default;
  // The whole store, read now, bounded in time (3 s). An error changes nothing: the last good snapshot stays.
  virtual Result<RawOptions> read() = 0;
  // Ends a read() that waits, and all later ones; for the stop. Threads: any.
  virtual void interrupt() noexcept {}
  // Why the last read() that succeeded is not the whole truth: a part of the store kept what it said before.
  virtual std::optional<Error> degraded() const { return std::nullopt; }
  virtual std::string describe() const = 0;  // "file:/etc/freshet/options.yaml", never with a password
};

}  // namespace freshet
