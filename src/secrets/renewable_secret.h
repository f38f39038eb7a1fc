// A secret that is read again while the process runs.
#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/secret_mask.h"
#include "secrets/secret.h"
#include "secrets/secret_reading.h"
#include "secrets/secrets_metrics.h"

namespace freshet::secrets {

// What a renewable secret needs; the references must outlive it.
struct SecretContext {
  Clock& clock;
  Log& log;
  Metrics& metrics;
  SecretMask* mask = nullptr;  // a new secret is added to it before it is used; may be null
  Duration command_interval = std::chrono::seconds(300);
};

// A file is looked at by current(), at most once per kLookEvery, and read if it has changed. A command runs again when
// its interval is over (run_if_due(), on a thread of its own). Both are read again at once after a refusal. What is
// empty or cannot be read is assumed to be in the middle of a replacement: the last secret stays in use. Threads: any.
class RenewableSecret {
 public:
  static constexpr Duration kLookEvery = std::chrono::seconds(1);
  static constexpr Duration kRefusedPause = std::chrono::seconds(5);

  // `name`: for log and metrics, for example "clickhouse_password". A command that still returns what was refused is
  // not run again earlier than `refused_pause`.
  RenewableSecret(std::string name, SecretSource source, const SecretContext& context,
                  Duration refused_pause = kRefusedPause);

  // Does not block longer than a read of a file.
  Secret current();
  // The server refused `refused`. Returns another secret that the caller should try at once; empty: there is none yet.
  // Blocks while a command runs, until `stop` is requested.
  std::optional<Secret> after_refusal(const Secret& refused, const std::stop_token& stop);
  // As after_refusal(), for callers that must not block, not even for a file system that hangs: run_if_due() runs the
  // command, current() reads the file.
  void refused_later();

  // Runs the command if its time has come. Blocks.
  void run_if_due(const std::stop_token& stop);

 private:
  enum class Cause { Look, Due, Refused };
  // Sets reading_, which the caller has set, to false at the end.
  class Reading;

  bool looks_again(SteadyTime now) REQUIRES(mutex_);
  bool is_due(SteadyTime now) const REQUIRES(mutex_);
  // True if the secret has changed. The caller has a Reading.
  bool read(Cause cause, const std::stop_token& stop);

  const std::string name_;
  const std::string from_;
  const SecretForm form_;
  const bool is_command_;
  const Duration refused_pause_;
  const SecretContext context_;
  const SecretMetrics metrics_;
  std::atomic<bool> refused_ = false;  // refused_later() was called since the last read
  Mutex mutex_;                        // never held while a file is looked at or read
  CondVar idle_;
  Secret value_ GUARDED_BY(mutex_);
  bool reading_ GUARDED_BY(mutex_) = false;
  SteadyTime looked_ GUARDED_BY(mutex_){};  // at the file
  SteadyTime run_ GUARDED_BY(mutex_);       // the last run of the command
  FileVersion version_ GUARDED_BY(mutex_);  // of the last content that was read
};

}  // namespace freshet::secrets
