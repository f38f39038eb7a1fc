// The secrets that are read again while the process runs.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "secrets/renewable_secret.h"

namespace freshet::secrets {

// All users of a source share one secret, so a file is read and a command is run once for all of them.
// Threads: any. Lives longer than the secrets that it returns.
class SecretStore {
 public:
  explicit SecretStore(const SecretContext& context) : context_(context) {}

  // `refused_pause`: of a secret that is new.
  std::shared_ptr<RenewableSecret> get(const std::string& name, const SecretSource& source,
                                       Duration refused_pause = RenewableSecret::kRefusedPause);
  void run_due_commands(const std::stop_token& stop);

 private:
  const SecretContext context_;
  mutable Mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<RenewableSecret>> secrets_
      GUARDED_BY(mutex_);  // by name and source
};

// A store for programs and tests that have neither log nor metrics.
class PlainSecretStore {
 public:
  explicit PlainSecretStore(Clock& clock, SecretMask* mask = nullptr)
      : store_(SecretContext{clock, null_log(), metrics_, mask}) {}
  SecretStore* get() { return &store_; }

 private:
  Metrics metrics_;
  SecretStore store_;
};

// Runs the commands of a store again, on a thread of its own, which ends when this is destroyed.
class CommandRenewal {
 public:
  CommandRenewal(SecretStore& store, Clock& clock);

 private:
  std::jthread thread_;
};

}  // namespace freshet::secrets
