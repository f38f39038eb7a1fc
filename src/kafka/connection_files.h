// The files that a connection is made with: SASL password, certificates, key.
#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "base/secret_mask.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

// Threads: any.
class ConnectionFiles {
 public:
  // A password that is read later is added to `mask` (may be null) before anybody uses it.
  explicit ConnectionFiles(ConnectionSettings settings, SecretMask* mask = nullptr);

  bool any() const { return !contents_of_start_.empty(); }
  // Reads the files; names those that hold something else than the last time, "" = none. A file that cannot be read, or
  // a password that read_secret() refuses, is on its way: the last one counts.
  std::string look();
  // With the password as it was last read. Certificates and keys are read by the library when a client is built.
  ConnectionSettings settings() const;

 private:
  using Contents = std::map<std::string, std::string>;  // by path
  Contents read() const;

  const ConnectionSettings settings_;
  SecretMask* const mask_;
  const Contents contents_of_start_;
  mutable Mutex mutex_;
  Contents contents_ GUARDED_BY(mutex_);
  std::string password_ GUARDED_BY(mutex_);
};

}  // namespace freshet::kafka
