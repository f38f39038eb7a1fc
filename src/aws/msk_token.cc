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

class MskTokens::Busy {
 public:
  explicit Busy(MskTokens& tokens) : tokens_(tokens) {}
  ~Busy() {
    {
      MutexLock lock(tokens_.mutex_);
      tokens_.busy_ = false;
    }
    tokens_.idle_.notify_all();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  MskTokens& tokens_;
};

MskTokens::MskTokens(std::string region, Environment environment, Clock& clock)
    : region_(std::move(region)), environment_(std::move(environment)), clock_(clock) {}

bool MskTokens::is_fresh(const secrets::Secret& refused) const {
  return token_ && token_->token != refused && clock_.system_now() < fresh_until_;
}

Result<MskToken> MskTokens::get(Log& log, const secrets::Secret& refused, const std::stop_token& stop) {
  std::optional<MskToken> fresh;
  {
    MutexLock lock(mutex_);
    if (!idle_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return !busy_; })) {
      return failure(ErrorKind::Stopping, "stopping");
    }
    if (is_fresh(refused)) {
      fresh = token_;
    } else {
      busy_ = true;
    }
  }
  // A token may have been made for a client with another log.
  if (fresh) {
    tell(log, *fresh);
    return *std::move(fresh);
  }
  const Busy busy(*this);
  auto token = renew(log, stop);
  if (token) tell(log, *token);
  return token;
}

void MskTokens::tell(Log& log, const MskToken& token) {
  log.mask(token.token.reveal(), "kafka_msk_token");
  Chosen news;
  {
    MutexLock lock(mutex_);
    if (chosen_ == logged_ || !log.enabled(AwsCredentialsChosen::kEvent.level)) return;
    news = logged_ = chosen_;
  }
  log.emit(AwsCredentialsChosen{news.source, news.access_key, news.region});
}

Result<MskToken> MskTokens::renew(Log& log, const std::stop_token& stop) {
  const Result<std::string> region = region_.empty() ? find_region(environment_) : Result<std::string>(region_);
  if (!region) return tl::make_unexpected(region.error());
  const auto credentials = look_up(log, *region, stop);
  if (!credentials) return tl::make_unexpected(credentials.error());
  const SystemTime now = clock_.system_now();
  MskToken token = sign_msk_token(*credentials, *region, now);
  MutexLock lock(mutex_);
  chosen_ = {credentials->source, credentials->access_key, *region};
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
