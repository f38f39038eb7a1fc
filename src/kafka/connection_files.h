// The files of a connection: SASL password, certificates, key.
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
  // A password that is read later is added to `mask` (may be null) before it is used.
  explicit ConnectionFiles(ConnectionSettings settings, SecretMask* mask = nullptr);

  bool any() const { return !contents_of_start_.empty(); }
  // Reads the files and returns the names of those that changed, "" = none. A file that cannot be read, or a password
  // that read_secret() refuses, is being replaced: the last content stays.
  std::string look();
  // With the password as last read. The library reads certificates and keys when a client is created.
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
