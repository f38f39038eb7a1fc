// The secrets of this process, and texts without them.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace freshet {

// Threads: any. Secrets may be added while the process runs: whoever reads a password anew adds it before using it. The
// last kMostLearned different ones of these stay masked: an older one may be in a text that is still to come.
class SecretMask {
 public:
  static constexpr size_t kMostLearned = 64;

  SecretMask() = default;
  explicit SecretMask(const std::vector<std::string>& secrets);

  void add(const std::string& secret);  // an empty one is none
  // `text` with *** for each secret, also as a URL, JSON, SQL or Base64 (of a longer text, too) has it.
  std::string masked(std::string_view text) const;

 private:
  void know(const std::string& secret) REQUIRES(mutex_);

  const std::vector<std::string> given_;
  mutable Mutex mutex_;
  std::deque<std::string> learned_ GUARDED_BY(mutex_);
  std::vector<std::string> forms_ GUARDED_BY(mutex_);  // of all; the longest first: one may begin with another
};

}  // namespace freshet
