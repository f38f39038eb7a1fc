#include "secrets/secret_store.h"

#include <vector>

#include "base/threads.h"

namespace freshet::secrets {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);

}  // namespace

std::shared_ptr<RenewableSecret> SecretStore::get(const std::string& name, const SecretSource& source,
                                                  Duration refused_pause) {
  if (source.from.empty()) return std::make_shared<RenewableSecret>(name, source, context_);
  MutexLock lock(mutex_);
  std::shared_ptr<RenewableSecret>& secret = secrets_[{name, source.from}];
  if (!secret) secret = std::make_shared<RenewableSecret>(name, source, context_, refused_pause);
  return secret;
}

void SecretStore::run_due_commands(const std::stop_token& stop) {
  std::vector<std::shared_ptr<RenewableSecret>> all;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, secret] : secrets_) all.push_back(secret);
  }
  for (const auto& secret : all) secret->run_if_due(stop);
}

CommandRenewal::CommandRenewal(SecretStore& store, Clock& clock)
    : thread_(needed_thread("secrets", [&store, &clock](std::stop_token stop) {
        while (sleep_interruptibly(clock, stop, kLookEvery)) store.run_due_commands(stop);
      })) {}

}  // namespace freshet::secrets
