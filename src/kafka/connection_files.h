// The files of a connection: SASL password, certificates, private key.
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
  // `mask` may be null. A password that is read later is added to it before it is used.
  explicit ConnectionFiles(ConnectionSettings settings, SecretMask* mask = nullptr);

  bool any() const { return !contents_of_start_.empty(); }
  // Reads the files and returns the names of those that changed, comma-separated; empty = none. A file that cannot be
  // read, or a password that read_secret() refuses, keeps its last content: it is probably being replaced.
  std::string look();
  // The settings with the password as last read. Certificates and keys are read by the library when a client is
  // created.
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
