// The files of a connection: SASL password, certificates, private key.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/mutex.h"
#include "kafka/kafka_settings.h"
#include "secrets/secret_store.h"

namespace freshet::kafka {

// Threads: any.
class ConnectionFiles {
 public:
  // `secrets` may be null: then the password stays as it is.
  explicit ConnectionFiles(ConnectionSettings settings, secrets::SecretStore* secrets = nullptr);

  bool any() const { return password_ != nullptr || !contents_of_start_.empty(); }
  // Reads the files and returns the names of those that changed, comma-separated; empty = none. A file that cannot be
  // read keeps its last content: it is probably being replaced. So does a password that is not valid.
  std::string look();
  // The same after a broker has refused the login: runs the command of the password, and blocks until it ends or `stop`
  // is requested.
  std::string look_after_refusal(const std::stop_token& stop);
  // The same without waiting: the command runs soon, and look() then reports the change.
  void refused_later();
  // The settings with the password as last read. Certificates and keys are read by the library when a client is
  // created.
  ConnectionSettings settings() const;

 private:
  using Contents = std::map<std::string, std::string>;  // by path
  Contents read() const;

  const ConnectionSettings settings_;
  const std::shared_ptr<secrets::RenewableSecret> password_;  // null: it stays as it is
  const Contents contents_of_start_;
  mutable Mutex mutex_;
  Contents contents_ GUARDED_BY(mutex_);
  secrets::Secret last_password_ GUARDED_BY(mutex_);
};

}  // namespace freshet::kafka
