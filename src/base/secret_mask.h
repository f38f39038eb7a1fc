// The secrets of this process, and how to mask them in texts.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace freshet {

// Threads: any. Secrets may be added while the process runs: code that reads a password again must add it before it
// uses it. Of each `what`, the last kMostLearned distinct secrets stay masked, because later texts may contain an older
// one; so a secret that changes often displaces no other.
class SecretMask {
 public:
  static constexpr size_t kMostLearned = 16;

  SecretMask() = default;
  explicit SecretMask(const std::vector<std::string>& secrets);

  // An empty secret is ignored. `what`: which secret it is; the caller bounds how many there are.
  void add(const std::string& secret, const std::string& what = {});
  // Replaces each secret by ***, also in its URL, JSON, SQL or Base64 form (within a longer Base64 text, too).
  std::string masked(std::string_view text) const;

 private:
  void know(const std::string& secret) REQUIRES(mutex_);

  const std::vector<std::string> given_{};
  mutable Mutex mutex_;
  std::map<std::string, std::deque<std::string>> learned_ GUARDED_BY(mutex_);  // by what
  std::vector<std::string> forms_
      GUARDED_BY(mutex_);  // forms of all secrets; longest first: one may be a prefix of another
};

}  // namespace freshet
