#include "kafka/token_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "aws/msk_token.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mutex.h"
#include "secrets/secret_reading.h"

namespace freshet::kafka {
namespace {

// The file or command of a token without an expiry is asked again after four fifths of this.
constexpr std::chrono::minutes kUnknownLifetime{5};
constexpr double kLatestSecond = 253'402'300'799;  // of the year 9999
constexpr const char* kPrincipal = "freshet";      // of a token that names none; for the library only
constexpr std::string_view kMskIam = "msk-iam:";
constexpr std::string_view kFile = "from:";

int64_t to_ms(SystemTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// One for each cluster, for all clients. Never destroyed: a client that is left for good asks until the process ends.
aws::MskTokens& msk_tokens(const TokenSource& source) {
  struct All {
    RealClock clock;
    Mutex mutex;
    std::map<std::string, std::unique_ptr<aws::MskTokens>> by_source GUARDED_BY(mutex);
  };
  static All& all = *std::make_unique<All>().release();
  MutexLock lock(all.mutex);
  std::unique_ptr<aws::MskTokens>& tokens = all.by_source[source.to_text()];
  if (!tokens) tokens = std::make_unique<aws::MskTokens>(source.where, aws::process_environment(), all.clock);
  return *tokens;
}

Result<Token> msk_token(const TokenSource& source, Log& log, const std::stop_token& stop) {
  const auto token = msk_tokens(source).get(log, stop);
  if (!token) return tl::make_unexpected(token.error());
  return Token{token->token, kPrincipal, to_ms(token->expires)};
}

Result<Token> file_token(const std::string& from, Log& log, const std::stop_token& stop) {
  const auto token = secrets::read_from(from, SecretForm::OneLine, stop);
  if (!token) return tl::make_unexpected(token.error());
  log.mask(token->reveal(), "kafka_oauthbearer_token " + from);
  const TokenClaims claims = claims_of(token->reveal()).value_or(TokenClaims());
  const int64_t unknown = to_ms(RealClock().system_now() + kUnknownLifetime);
  return Token{*token, claims.subject.empty() ? kPrincipal : claims.subject,
               claims.expires_ms >= 0 ? claims.expires_ms : unknown};
}

}  // namespace

std::optional<TokenSource> TokenSource::of(const ConnectionSettings& settings) {
  if (settings.msk_iam_region) return TokenSource{Kind::MskIam, *settings.msk_iam_region, settings.bootstrap_servers};
  if (settings.oauthbearer_token.from.empty()) return std::nullopt;
  return TokenSource{Kind::FileOrCommand, settings.oauthbearer_token.from};
}

std::string TokenSource::to_text() const {
  return kind == Kind::MskIam ? fmt::format("{}{} {}", kMskIam, where, cluster) : fmt::format("{}{}", kFile, where);
}

TokenSource TokenSource::from_text(std::string_view text) {
  if (text.starts_with(kMskIam)) {
    text.remove_prefix(kMskIam.size());
    const size_t blank = std::min(text.find(' '), text.size());
    return {Kind::MskIam, std::string(text.substr(0, blank)),
            std::string(text.substr(std::min(blank + 1, text.size())))};
  }
  if (text.starts_with(kFile)) text.remove_prefix(kFile.size());
  return {Kind::FileOrCommand, std::string(text)};
}

std::string TokenSource::shown() const {
  return kind == Kind::MskIam ? "--kafka-msk-iam-region" : secrets::shown_source(where);
}

Result<Token> read_token(const TokenSource& source, Log& log, const std::stop_token& stop) {
  const bool is_msk = source.kind == TokenSource::Kind::MskIam;
  auto token = is_msk ? msk_token(source, log, stop) : file_token(source.where, log, stop);
  if (!token) token.error().text = fmt::format("{}{} {}", source.shown(), is_msk ? ":" : "", token.error().text);
  return token;
}

Duration refuse_token(const TokenSource& source, const secrets::Secret& token) {
  return source.kind == TokenSource::Kind::MskIam ? msk_tokens(source).refuse(token) : Duration::zero();
}

std::optional<TokenClaims> claims_of(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) return std::nullopt;
  const nlohmann::json json = parse_json(*payload);
  if (!json.is_object()) return std::nullopt;
  TokenClaims claims;
  if (const auto subject = json.find("sub"); subject != json.end() && subject->is_string()) {
    claims.subject = subject->get<std::string>();
  }
  if (const auto expires = json.find("exp"); expires != json.end() && expires->is_number()) {
    const double seconds = expires->get<double>();
    if (seconds >= 0 && seconds <= kLatestSecond) claims.expires_ms = std::llround(seconds * 1000);
  }
  return claims;
}

}  // namespace freshet::kafka
