#include "kafka/oauth_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/mutex.h"
#include "kafka/handles.h"
#include "secrets/secret_reading.h"

namespace freshet::kafka {
namespace {

// The file or command of a token without an expiry is asked again after four fifths of this.
constexpr int64_t kUnknownLifetimeMs = 5 * 60 * 1000;
// A refused token is not read again earlier than this.
constexpr Duration kRefusedPause = std::chrono::seconds(5);
constexpr double kLatestSecond = 253'402'300'799;  // of the year 9999

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// RFC 4648, section 5, without padding, as in a JWT.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

int64_t now_ms() {
  const Duration now = RealClock().system_now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// A token as a client has it.
struct HeldToken {
  secrets::Secret token;
  std::string principal;
};

// The clients that may read tokens: the library passes a callback nothing of ours but the client and its log.
class TokenReaders {
 public:
  void begin(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    readers_.insert_or_assign(client, Reader());
  }
  // The client reads its token. Empty: end() was called.
  std::optional<std::stop_token> reads(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end()) return std::nullopt;
    found->second.read = RealClock().steady_now();
    found->second.held.reset();
    return found->second.stop.get_token();
  }
  void holds(rd_kafka_t* client, HeldToken token) {
    MutexLock lock(mutex_);
    if (const auto found = readers_.find(client); found != readers_.end()) found->second.held = std::move(token);
  }
  // The token that was refused, and how long ago it was read. Once for each read.
  std::optional<std::pair<HeldToken, Duration>> refused(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end() || !found->second.held) return std::nullopt;
    return std::pair(*std::exchange(found->second.held, std::nullopt), RealClock().steady_now() - found->second.read);
  }
  void end(rd_kafka_t* client) {
    std::stop_source stop(std::nostopstate);
    {
      MutexLock lock(mutex_);
      if (auto found = readers_.extract(client)) stop = std::move(found.mapped().stop);
    }
    stop.request_stop();
  }

 private:
  struct Reader {
    std::stop_source stop{};
    SteadyTime read{};
    std::optional<HeldToken> held{};
  };
  Mutex mutex_;
  std::map<rd_kafka_t*, Reader> readers_ GUARDED_BY(mutex_);
};

// Never destroyed: a client that is left for good asks until the process ends.
TokenReaders& token_readers() {
  static TokenReaders& readers = *std::make_unique<TokenReaders>().release();
  return readers;
}

Status set_token(rd_kafka_t* client, const std::string& source) {
  const auto stop = token_readers().reads(client);
  if (!stop) return failure(ErrorKind::Stopping, "the client ends");
  const auto token = secrets::read_from(source, SecretForm::OneLine, *stop);
  if (!token) {
    return failure(ErrorKind::Retry, fmt::format("{} {}", secrets::shown_source(source), token.error().text));
  }
  const TokenClaims claims = claims_of(token->reveal()).value_or(TokenClaims());
  const int64_t expires = claims.expires_ms >= 0 ? claims.expires_ms : now_ms() + kUnknownLifetimeMs;
  const std::string principal = claims.subject.empty() ? "freshet" : claims.subject;
  std::array<char, 512> text{};
  const auto result = rd_kafka_oauthbearer_set_token(client, token->reveal().c_str(), expires, principal.c_str(),
                                                     nullptr, 0, text.data(), text.size());
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failure(ErrorKind::Retry, fmt::format("{}: {}", secrets::shown_source(source), text.data()));
  }
  token_readers().holds(client, {*token, principal});
  return {};
}

// On the library's background thread. After a failure the library asks again in ten seconds.
void on_token_needed(rd_kafka_t* client, const char* source, void*) noexcept {
  try {
    const Status set = set_token(client, source == nullptr ? "" : source);
    if (!set) rd_kafka_oauthbearer_set_token_failure(client, set.error().text.c_str());
  } catch (const std::exception& e) {
    rd_kafka_oauthbearer_set_token_failure(client, e.what());
  }
}

}  // namespace

// The library has no call for it, but it asks for a new token when four fifths of the lifetime are over.
void token_refused(rd_kafka_t* client) noexcept {
  try {
    const auto refused = token_readers().refused(client);
    if (!refused) return;
    const auto& [held, age] = *refused;
    const Duration pause = std::max<Duration>(kRefusedPause - age, std::chrono::seconds(1));
    const int64_t expires = now_ms() + std::chrono::ceil<std::chrono::milliseconds>(pause * 5 / 4).count();
    std::array<char, 512> text{};
    rd_kafka_oauthbearer_set_token(client, held.token.reveal().c_str(), expires, held.principal.c_str(), nullptr, 0,
                                   text.data(), text.size());
  } catch (const std::exception&) {
    // Out of memory. The token is read again at its time.
  }
}

void stop_token_requests(rd_kafka_t* client) noexcept { token_readers().end(client); }

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

void take_tokens_from(rd_kafka_conf_t* conf, const std::string& source) {
  // The library passes this property to the callback.
  rd_kafka_conf_set(conf, "sasl.oauthbearer.config", source.c_str(), nullptr, 0);
  rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, on_token_needed);
  rd_kafka_conf_enable_sasl_queue(conf, 1);
}

Status serve_token_requests(rd_kafka_t* client) {
  token_readers().begin(client);
  const LibraryError error(rd_kafka_sasl_background_callbacks_enable(client));
  if (!error || rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR__NOT_CONFIGURED) return {};
  return failure(ErrorKind::Renew, rd_kafka_error_string(error.get()));
}

}  // namespace freshet::kafka
