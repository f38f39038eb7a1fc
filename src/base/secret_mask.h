// The secrets of this process, and texts without them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace freshet {

// Threads: any. Secrets may be added while the process runs: whoever reads a password anew adds it before using it. An
// older one stays masked: it may be in a text that is still to come.
class SecretMask {
 public:
  SecretMask() = default;
  explicit SecretMask(const std::vector<std::string>& secrets);

  void add(const std::string& secret);  // an empty one is none
  // `text` with *** for each secret, also where it is percent-encoded.
  std::string masked(std::string_view text) const;

 private:
  mutable Mutex mutex_;
  std::vector<std::string> secrets_ GUARDED_BY(mutex_);  // the longest first: one may begin with another
};

}  // namespace freshet
