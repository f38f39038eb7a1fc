// The files of a connection: SASL password, certificates, private key.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "kafka/kafka_settings.h"
#include "secrets/secret_store.h"

namespace freshet::kafka {

// Threads: any.
class ConnectionFiles {
 public:
  // `secrets` may be null: then secrets stay as they are.
  explicit ConnectionFiles(ConnectionSettings settings, secrets::SecretStore* secrets = nullptr);

  bool any() const { return !renewable_.empty() || !contents_of_start_.empty(); }
  // Reads the files and returns the names of those that changed, comma-separated; empty = none. A file that cannot be
  // read keeps its last content: it is probably being replaced. So does a secret that is not valid.
  std::string look();
  // The same after a broker has refused the login: runs the commands of secrets, and blocks until they end or `stop`
  // is requested.
  std::string look_after_refusal(const std::stop_token& stop);
  // The same without waiting: commands run soon, and look() then reports the change.
  void refused_later();
  // The settings with the secrets as last read. Certificates and keys are read by the library when a client is
  // created.
  ConnectionSettings settings() const;

 private:
  using Contents = std::map<std::string, std::string>;  // by path
  Contents read() const;

  const ConnectionSettings settings_;
  // The SASL password, or a property of ConnectionSettings::extra.
  struct Renewable {
    std::string property;  // empty: the password
    secrets::SecretSource source;
    std::shared_ptr<secrets::RenewableSecret> secret;
  };
  static std::vector<Renewable> renewable(const ConnectionSettings& settings, secrets::SecretStore* store);

  const std::vector<Renewable> renewable_;
  const Contents contents_of_start_;
  mutable Mutex mutex_;
  Contents contents_ GUARDED_BY(mutex_);
  std::vector<secrets::Secret> last_ GUARDED_BY(mutex_);  // of renewable_, when look() looked
};

}  // namespace freshet::kafka
