#include "aws/msk_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/aws_events.h"
#include "aws/credential_chain.h"
#include "aws/signature.h"
#include "base/base64url.h"

namespace freshet::aws {
namespace {

constexpr std::chrono::seconds kLifetime{900};
// Between a token that was refused and the next one.
constexpr std::chrono::seconds kPauseOfRefused{5};
constexpr std::chrono::minutes kLongestPauseOfRefused{1};

bool is_valid(const std::optional<Credentials>& credentials, SystemTime now) {
  return credentials && (!credentials->expires || *credentials->expires > now);
}

}  // namespace

MskToken sign_msk_token(const Credentials& credentials, const std::string& region, SystemTime now) {
  PresignedRequest request;
  request.host = fmt::format("kafka.{}.amazonaws.com", region);
  request.region = region;
  request.service = "kafka-cluster";
  request.query["Action"] = "kafka-cluster:Connect";
  request.valid_for = kLifetime;
  // Not signed, as AWS's own signers send it.
  const std::string url = presigned_url(request, credentials, now) + "&User-Agent=freshet";
  const SystemTime signed_at(std::chrono::floor<std::chrono::seconds>(now));  // the time in the URL
  const SystemTime expires = signed_at + kLifetime;
  return {to_base64url(url), credentials.expires ? std::min(expires, *credentials.expires) : expires};
}

class MskTokens::Turn {
 public:
  explicit Turn(MskTokens& tokens) REQUIRES(tokens.mutex_) : tokens_(tokens) {
    tokens_.busy_ = true;
    tokens_.failed_.reset();
  }
  ~Turn() {
    {
      MutexLock lock(tokens_.mutex_);
      tokens_.busy_ = false;
      ++tokens_.turns_;
    }
    tokens_.idle_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // The threads that wait for this turn get the same answer.
  void fail(const Error& error) {
    MutexLock lock(tokens_.mutex_);
    tokens_.failed_ = error;
  }

 private:
  MskTokens& tokens_;
};

MskTokens::MskTokens(std::string region, Environment environment, Clock& clock)
    : region_(std::move(region)),
      environment_(std::move(environment)),
      clock_(clock),
      pause_(kPauseOfRefused, kLongestPauseOfRefused) {}

Duration MskTokens::pause_left() const {
  if (token_) return Duration::zero();
  return std::max<Duration>(not_before_ - clock_.steady_now(), Duration::zero());
}

Duration MskTokens::refuse(const secrets::Secret& token) {
  MutexLock lock(mutex_);
  if (token_ && token_->token == token) {
    token_.reset();
    not_before_ = made_ + pause_.after_failure();
  }
  return pause_left();
}

Result<MskToken> MskTokens::get(Log& log, const std::stop_token& stop) {
  std::optional<MskToken> fresh;
  std::optional<Turn> turn;
  {
    MutexLock lock(mutex_);
    const uint64_t ended = turns_;
    if (!idle_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return !busy_; })) {
      return failure(ErrorKind::Stopping, "stopping");
    }
    if (token_ && clock_.system_now() < fresh_until_) {
      fresh = token_;
    } else if (turns_ != ended && failed_) {
      return tl::make_unexpected(*failed_);
    } else if (pause_left() > Duration::zero()) {
      return failure(ErrorKind::Retry, "a broker refused the last token; the next one is made within a minute");
    } else {
      turn.emplace(*this);
    }
  }
  Result<MskToken> token = fresh ? *std::move(fresh) : renew(log, stop);
  if (token) {
    // A token may have been made for a client with another log.
    mask_and_log(log, *token);
  } else if (turn && token.error().kind != ErrorKind::Stopping) {
    turn->fail(token.error());
  }
  return token;
}

void MskTokens::mask_and_log(Log& log, const MskToken& token) {
  log.mask(token.token.reveal(), "kafka_msk_token");
  CredentialsInUse in_use;
  {
    MutexLock lock(mutex_);
    if (in_use_ == logged_ || !log.enabled(AwsCredentialsChosen::kEvent.level)) return;
    in_use = logged_ = in_use_;
  }
  log.emit(AwsCredentialsChosen{in_use.source, in_use.access_key, in_use.region});
}

Result<MskToken> MskTokens::renew(Log& log, const std::stop_token& stop) {
  const Result<std::string> region = region_.empty() ? find_region(environment_) : Result<std::string>(region_);
  if (!region) return tl::make_unexpected(region.error());
  const auto credentials = look_up(log, *region, stop);
  if (!credentials) return tl::make_unexpected(credentials.error());
  const SystemTime now = clock_.system_now();
  MskToken token = sign_msk_token(*credentials, *region, now);
  MutexLock lock(mutex_);
  if (token_) pause_.succeeded();
  made_ = clock_.steady_now();
  in_use_ = {credentials->source, credentials->access_key, *region};
  fresh_until_ = now + (token.expires - now) / 2;
  token_ = token;
  return token;
}

Result<Credentials> MskTokens::look_up(Log& log, const std::string& region, const std::stop_token& stop) {
  const bool of_profile = credentials_ && credentials_->of_profile;
  auto found = find_credentials({environment_, region, of_profile}, stop);
  if (found && !is_valid(*found, clock_.system_now())) {
    found = failure(ErrorKind::Retry, fmt::format("the credentials of {} have expired", found->source));
  }
  if (!found) {
    if (found.error().kind == ErrorKind::Stopping || !is_valid(credentials_, clock_.system_now())) return found;
    log.emit(AwsCredentialsNotRenewed{credentials_->source, found.error().text});
    return *credentials_;
  }
  log.mask(found->secret_key.reveal(), "aws_secret_access_key");
  log.mask(found->session_token.reveal(), "aws_session_token");
  credentials_ = *found;
  return found;
}

}  // namespace freshet::aws
