#include "kafka/oauth_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "kafka/handles.h"

namespace freshet::kafka {
namespace {

// A refused token is not read again earlier than this.
constexpr Duration kRefusedPause = std::chrono::seconds(5);

int64_t now_ms() {
  const Duration now = RealClock().system_now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// The clients that may read tokens: the library passes a callback nothing of ours but the client and its log.
class TokenReaders {
 public:
  void begin(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    readers_.insert_or_assign(client, Reader());
  }
  struct Read {
    std::stop_token stop;
    secrets::Secret refused;  // the last token, if the broker refused it
  };
  // The client reads its token. Empty: end() was called.
  std::optional<Read> reads(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end()) return std::nullopt;
    found->second.read = RealClock().steady_now();
    found->second.held.reset();
    return Read{found->second.stop.get_token(), found->second.refused};
  }
  void holds(rd_kafka_t* client, Token token) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end()) return;
    found->second.refused = {};
    found->second.held = std::move(token);
  }
  // The token that was refused, and how long ago it was read. Once for each read.
  std::optional<std::pair<Token, Duration>> refused(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end() || !found->second.held) return std::nullopt;
    found->second.refused = found->second.held->token;
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
    std::optional<Token> held{};
    secrets::Secret refused{};
  };
  Mutex mutex_;
  std::map<rd_kafka_t*, Reader> readers_ GUARDED_BY(mutex_);
};

Log& log_of(rd_kafka_t* client) {
  auto* log = static_cast<Log*>(rd_kafka_opaque(client));
  return log == nullptr ? null_log() : *log;
}

// Never destroyed: a client that is left for good asks until the process ends.
TokenReaders& token_readers() {
  static TokenReaders& readers = *std::make_unique<TokenReaders>().release();
  return readers;
}

Status set_token(rd_kafka_t* client, std::string_view config) {
  const auto read = token_readers().reads(client);
  if (!read) return failure(ErrorKind::Stopping, "the client ends");
  const TokenSource source = TokenSource::from_text(config);
  auto token = read_token(source, log_of(client), read->refused, read->stop);
  if (!token) return tl::make_unexpected(token.error());
  std::array<char, 512> text{};
  const auto result = rd_kafka_oauthbearer_set_token(client, token->token.reveal().c_str(), token->expires_ms,
                                                     token->principal.c_str(), nullptr, 0, text.data(), text.size());
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failure(ErrorKind::Retry, fmt::format("{}: {}", source.shown(), text.data()));
  }
  token_readers().holds(client, *std::move(token));
  return {};
}

// On the library's background thread. After a failure the library asks again in ten seconds.
void on_token_needed(rd_kafka_t* client, const char* config, void*) noexcept {
  try {
    const Status set = set_token(client, config == nullptr ? "" : config);
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

void take_tokens_from(rd_kafka_conf_t* conf, const TokenSource& source) {
  // The library passes this property to the callback.
  rd_kafka_conf_set(conf, "sasl.oauthbearer.config", source.to_text().c_str(), nullptr, 0);
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
