#include "runtime_config/redis_store.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "runtime_config/python_text.h"
#include "runtime_config/redis_connection.h"

namespace freshet::runtime_config {
namespace {

constexpr Duration kMayTake = std::chrono::seconds(3);  // limit for all requests of one read()
constexpr int kMaxMoves = 3;

class RedisStore final : public OptionSource {
 public:
  RedisStore(RedisAddress address, std::string hash, std::shared_ptr<secrets::RenewableSecret> password)
      : address_(std::move(address)), hash_(std::move(hash)), password_(std::move(password)) {}

  Result<RawOptions> read() override {
    deadline_ = clock_.steady_now() + kMayTake;
    Result<RedisReply> reply;
    for (int moves = 0; moves < kMaxMoves; ++moves) {
      if (!connection_) {
        if (const Status connected = connect(); !connected) return tl::make_unexpected(lost(connected.error()));
      }
      reply = connection_->ask({"HGETALL", hash_}, deadline_);
      if (!reply) return tl::make_unexpected(lost(reply.error()));
      if (!move_to_owner(*reply)) break;
    }
    if (reply->kind != RedisReply::Kind::Array) return tl::make_unexpected(lost(refused(*reply)));
    RawOptions options;
    for (size_t i = 0; i + 1 < reply->elements.size(); i += 2) {
      const RedisReply& key = reply->elements[i];
      const RedisReply& value = reply->elements[i + 1];
      if (key.kind != RedisReply::Kind::Text || value.kind != RedisReply::Kind::Text) continue;
      options.emplace(key.text, python_text(value.text));
    }
    return options;
  }

  void interrupt() noexcept override {
    stop_.request_stop();
    interruption_.set();
  }
  std::string describe() const override {
    return fmt::format("redis://{}:{}/{} {}", address_.host, address_.port, address_.database, hash_);
  }

 private:
  Status connect() {
    const RedisAddress& at = owner_ ? *owner_ : address_;
    auto opened = RedisConnection::open(at.host, at.port, clock_, interruption_, deadline_);
    if (!opened) return tl::make_unexpected(opened.error());
    connection_ = *std::move(opened);
    if (const Status done = log_in(); !done) return done;
    return command({"SELECT", std::to_string(address_.database)});
  }

  Status log_in() {
    secrets::Secret password = password_ ? password_->current() : secrets::Secret(address_.password);
    if (password.empty()) return {};
    Status done = authenticate(password);
    if (done || !password_ || is_lost_) return done;
    if (const auto other = password_->after_refusal(password, stop_.get_token())) {
      deadline_ = clock_.steady_now() + kMayTake;  // a command may have used it up
      return authenticate(*other);
    }
    return done;
  }

  Status authenticate(const secrets::Secret& password) {
    std::vector<std::string> words{"AUTH"};
    if (!address_.user.empty()) words.push_back(address_.user);
    words.push_back(password.reveal());
    return command(words);
  }

  Status command(const std::vector<std::string>& words) {
    const auto reply = connection_->ask(words, deadline_);
    is_lost_ = !reply;
    if (!reply) return tl::make_unexpected(reply.error());
    if (reply->kind == RedisReply::Kind::Error) return tl::make_unexpected(refused(*reply));
    return {};
  }

  // A cluster node that does not hold the hash replies with its owner: MOVED SLOT HOST:PORT. An owner without a host is
  // the same host at another port. True: ask again.
  bool move_to_owner(const RedisReply& reply) {
    if (reply.kind != RedisReply::Kind::Error || !reply.text.starts_with("MOVED ")) return false;
    const std::string_view text(reply.text);
    const size_t space = text.rfind(' ');
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon < space) return false;
    int port = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) return false;
    owner_ = address_;
    if (colon > space + 1) owner_->host = text.substr(space + 1, colon - space - 1);
    owner_->port = port;
    connection_.reset();
    return true;
  }

  static Error refused(const RedisReply& reply) {
    return {ErrorKind::Retry, 0, reply.kind == RedisReply::Kind::Error ? reply.text : "the key is not a hash"};
  }

  // Describes the failure, drops the connection and forgets the owner; the next read() starts from the configured
  // address.
  Error lost(const Error& why) {
    connection_.reset();
    owner_.reset();
    return {why.kind == ErrorKind::Stopping ? why.kind : ErrorKind::Retry, 0,
            fmt::format("{}: {}", describe(), why.text)};
  }

  RealClock clock_;
  const RedisAddress address_;
  const std::string hash_;
  const std::shared_ptr<secrets::RenewableSecret> password_;  // null: that of the address
  Interruption interruption_;
  std::stop_source stop_;
  bool is_lost_ = false;  // the last command had no reply
  SteadyTime deadline_{};
  std::optional<RedisAddress> owner_;  // of the hash, if that is not the node at `address_`
  std::unique_ptr<RedisConnection> connection_;
};

}  // namespace

std::unique_ptr<OptionSource> open_redis_store(RedisAddress address, std::string hash,
                                               std::shared_ptr<secrets::RenewableSecret> password) {
  return std::make_unique<RedisStore>(std::move(address), std::move(hash), std::move(password));
}

}  // namespace freshet::runtime_config
