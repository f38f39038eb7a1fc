// Tokens for IAM logins at Amazon MSK, by SASL OAUTHBEARER.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "secrets/secret.h"

namespace freshet::aws {

struct MskToken {
  secrets::Secret token;
  SystemTime expires;
};

// A token is the presigned URL of the action kafka-cluster:Connect, in Base64 for URLs. It expires with its URL after
// 15 minutes, or earlier with `credentials`. Threads: any.
MskToken sign_msk_token(const Credentials& credentials, const std::string& region, SystemTime now);

// The tokens of a process. All its Kafka clients share them, so that the endpoints of AWS are asked once for all.
// Threads: any.
class MskTokens {
 public:
  // `region`: empty = find_region(), again for each token. `clock` must outlive the object.
  MskTokens(std::string region, Environment environment, Clock& clock);

  // A token that is not `refused` and has at least half of its lifetime left. Credentials are looked up for each new
  // token, so those that expire are replaced in time; if that fails, valid ones stay in use. The secrets are masked in
  // `log`. Blocks as find_credentials(), also for the look-up of another thread. Errors: Retry, Fatal, Stopping.
  Result<MskToken> get(Log& log, const secrets::Secret& refused, const std::stop_token& stop);

 private:
  // Sets busy_, which the caller has set, to false at the end.
  class Busy;

  Result<MskToken> renew(Log& log, const std::stop_token& stop);
  Result<Credentials> look_up(Log& log, const std::string& region, const std::stop_token& stop);
  bool is_fresh(const secrets::Secret& refused) const REQUIRES(mutex_);
  // Masks `token` in `log`, and says once where the credentials come from.
  void tell(Log& log, const MskToken& token);

  const std::string region_;
  const Environment environment_;
  Clock& clock_;
  Mutex mutex_;
  CondVar idle_;
  bool busy_ GUARDED_BY(mutex_) = false;  // a thread makes the next token
  std::optional<MskToken> token_ GUARDED_BY(mutex_);
  SystemTime fresh_until_ GUARDED_BY(mutex_){};
  struct Chosen {
    std::string source;
    std::string access_key;
    std::string region;
    bool operator==(const Chosen&) const = default;
  };
  Chosen chosen_ GUARDED_BY(mutex_);          // the credentials of the token
  Chosen logged_ GUARDED_BY(mutex_);          // the last that a log has
  std::optional<Credentials> credentials_{};  // of the token; used only by the thread that has set busy_
};

}  // namespace freshet::aws
