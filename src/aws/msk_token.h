// Tokens for IAM logins at Amazon MSK, by SASL OAUTHBEARER.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/doubling_pause.h"
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

// The tokens of a process for one cluster. All clients share a token, so that the endpoints of AWS are asked once for
// all of them. Threads: any.
class MskTokens {
 public:
  // `region`: empty = find_region(), again for each token. `clock` must outlive the object.
  MskTokens(std::string region, Environment environment, Clock& clock);

  // A token that was not refused and has at least half of its lifetime left. Credentials are looked up for each new
  // token, so those that expire are replaced in time; if that fails, valid ones stay in use. The secrets are masked in
  // `log`. Blocks as find_credentials(), also while another thread looks credentials up, whose failure it shares.
  // Errors: Retry, also for a pause after a refusal; Fatal, Stopping.
  Result<MskToken> get(Log& log, const std::stop_token& stop);

  // A broker refused `token`: no client gets it from now on. Returns how long get() makes no other one. The pause
  // doubles up to a minute with each token that is refused.
  Duration refuse(const secrets::Secret& token);

 private:
  // What the log says about a token.
  struct CredentialsInUse {
    std::string source;
    std::string access_key;
    std::string region;
    bool operator==(const CredentialsInUse&) const = default;
  };
  // The right to make the next token.
  class Turn;

  Result<MskToken> renew(Log& log, const std::stop_token& stop);
  Result<Credentials> look_up(Log& log, const std::string& region, const std::stop_token& stop);
  Duration pause_left() const REQUIRES(mutex_);
  void mask_and_log(Log& log, const MskToken& token);

  const std::string region_;
  const Environment environment_;
  Clock& clock_;
  Mutex mutex_;
  CondVar idle_;
  bool busy_ GUARDED_BY(mutex_) = false;              // it is a thread's turn
  uint64_t turns_ GUARDED_BY(mutex_) = 0;             // those that ended
  std::optional<Error> failed_ GUARDED_BY(mutex_);    // the last turn
  std::optional<MskToken> token_ GUARDED_BY(mutex_);  // empty: none yet, or it was refused
  SystemTime fresh_until_ GUARDED_BY(mutex_){};
  SteadyTime made_ GUARDED_BY(mutex_){};
  SteadyTime not_before_ GUARDED_BY(mutex_){};  // for the next token
  DoublingPause pause_ GUARDED_BY(mutex_);
  CredentialsInUse in_use_ GUARDED_BY(mutex_);
  CredentialsInUse logged_ GUARDED_BY(mutex_);
  std::optional<Credentials> credentials_{};  // of the token; used only by the thread whose turn it is
};

}  // namespace freshet::aws
