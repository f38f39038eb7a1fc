#include "kafka/oauth_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/doubling_pause.h"
#include "base/log.h"
#include "base/mutex.h"
#include "kafka/error_table.h"
#include "kafka/handles.h"

namespace freshet::kafka {
namespace {

// A refused token is not read again earlier than this.
constexpr Duration kRefusedPause = std::chrono::seconds(5);
constexpr Duration kLongestRefusedPause = std::chrono::minutes(1);
constexpr int kMostUnread = 100;  // events that are looked at when a client ends

int64_t now_ms() {
  const Duration now = RealClock().system_now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// The clients that may read tokens: the library passes a callback nothing of ours but the client and its log.
class TokenReaders {
 public:
  struct Held {
    Token token;
    TokenSource source;
  };
  struct Refused {
    Held held;
    Duration wait;   // until the client may read another token
    uint64_t reads;  // the client's until now
  };

  void begin(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    readers_.insert_or_assign(client, Reader());
  }
  // The client reads its token. Empty: end() was called.
  std::optional<std::stop_token> reads(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end()) return std::nullopt;
    Reader& reader = found->second;
    reader.read = RealClock().steady_now();
    ++reader.reads;
    if (std::exchange(reader.held, std::nullopt)) reader.pause.succeeded();
    return reader.stop.get_token();
  }
  void holds(rd_kafka_t* client, Held held) {
    MutexLock lock(mutex_);
    if (const auto found = readers_.find(client); found != readers_.end()) {
      found->second.held = std::move(held);
      found->second.failed = false;
    }
  }
  void failed(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    if (const auto found = readers_.find(client); found != readers_.end()) found->second.failed = true;
  }
  bool has_failed(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    return found != readers_.end() && found->second.failed;
  }
  // Once for each read.
  std::optional<Refused> refused(rd_kafka_t* client) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found == readers_.end() || !found->second.held) return std::nullopt;
    Reader& reader = found->second;
    const Duration age = RealClock().steady_now() - reader.read;
    return Refused{*std::exchange(reader.held, std::nullopt), reader.pause.after_failure() - age, reader.reads};
  }
  // Calls `act`, which must not block, unless the client began to read another token. A read begins afterwards.
  void unless_read_again(rd_kafka_t* client, uint64_t reads, const std::function<void()>& act) {
    MutexLock lock(mutex_);
    const auto found = readers_.find(client);
    if (found != readers_.end() && found->second.reads == reads) act();
  }
  // Returns the token that the client holds, if no broker refused it so far.
  std::optional<Held> end(rd_kafka_t* client) {
    std::optional<Reader> reader;
    {
      MutexLock lock(mutex_);
      if (auto found = readers_.extract(client)) reader = std::move(found.mapped());
    }
    if (!reader) return std::nullopt;
    reader->stop.request_stop();
    return std::move(reader->held);
  }

 private:
  struct Reader {
    std::stop_source stop{};
    SteadyTime read{};
    uint64_t reads = 0;
    std::optional<Held> held{};
    bool failed = false;  // the last read
    DoublingPause pause{kRefusedPause, kLongestRefusedPause};
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
  const auto stop = token_readers().reads(client);
  if (!stop) return failure(ErrorKind::Stopping, "the client ends");
  const TokenSource source = TokenSource::from_text(config);
  auto token = read_token(source, log_of(client), *stop);
  if (!token) return tl::make_unexpected(token.error());
  std::array<char, 512> text{};
  const auto result = rd_kafka_oauthbearer_set_token(client, token->token.reveal().c_str(), token->expires_ms,
                                                     token->principal.c_str(), nullptr, 0, text.data(), text.size());
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failure(ErrorKind::Retry, fmt::format("{}: {}", source.shown(), text.data()));
  }
  token_readers().holds(client, {*std::move(token), source});
  return {};
}

// The flag first: whoever takes the error event finds it.
void report_failure(rd_kafka_t* client, const char* why) {
  token_readers().failed(client);
  rd_kafka_oauthbearer_set_token_failure(client, why);
}

// On the library's background thread. After a failure the library asks again in ten seconds.
void on_token_needed(rd_kafka_t* client, const char* config, void*) noexcept {
  try {
    const Status set = set_token(client, config == nullptr ? "" : config);
    if (!set) report_failure(client, set.error().text.c_str());
  } catch (const std::exception& e) {
    report_failure(client, e.what());
  }
}

bool is_refusal(const Error& error) {
  return error.code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !is_token_failure(error.text);
}

// The library has no call for it, but it asks for a new token when four fifths of the lifetime are over.
void ask_again_after(rd_kafka_t* client, const Token& held, Duration pause) {
  const int64_t expires = now_ms() + std::chrono::ceil<std::chrono::milliseconds>(pause * 5 / 4).count();
  std::array<char, 512> text{};
  rd_kafka_oauthbearer_set_token(client, held.token.reveal().c_str(), expires, held.principal.c_str(), nullptr, 0,
                                 text.data(), text.size());
}

// Runs no callbacks of a producer: what they use may be destroyed already.
bool refusal_is_unread(rd_kafka_t* client) {
  const Queue queue(rd_kafka_queue_get_main(client));
  for (int i = 0; i < kMostUnread; ++i) {
    const Event event(rd_kafka_queue_poll(queue.get(), 0));
    if (!event) return false;
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR && is_refusal(to_error(event.get()))) return true;
  }
  return false;
}

}  // namespace

void note_client_error(rd_kafka_t* client, const Error& error) noexcept {
  try {
    if (!is_refusal(error)) return;
    const auto refused = token_readers().refused(client);
    if (!refused) return;
    const Duration others_wait = refuse_token(refused->held.source, refused->held.token.token);
    const Duration pause = std::max<Duration>({refused->wait, others_wait, std::chrono::seconds(1)});
    token_readers().unless_read_again(client, refused->reads,
                                      [&] { ask_again_after(client, refused->held.token, pause); });
  } catch (const std::exception&) {
    // Out of memory. The token is read again at its time.
  }
}

void note_unread_errors(rd_kafka_t* client, rd_kafka_queue_t* queue) noexcept {
  try {
    while (const Event event{rd_kafka_queue_poll(queue, 0)}) {
      if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) note_client_error(client, to_error(event.get()));
    }
  } catch (const std::exception&) {
    // Out of memory. The next client is refused, too, and reads its errors.
  }
}

bool lacks_token(rd_kafka_t* client) { return token_readers().has_failed(client); }

void stop_token_requests(rd_kafka_t* client) noexcept {
  try {
    const auto held = token_readers().end(client);
    if (held && refusal_is_unread(client)) refuse_token(held->source, held->token.token);
  } catch (const std::exception&) {
    // Out of memory. The next client is refused, too, and reads its errors.
  }
}

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
