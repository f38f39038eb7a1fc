#include "runtime_config/stores.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <yaml-cpp/yaml.h>

#include <charconv>

#include "base/files.h"
#include "base/percent.h"
#include "runtime_config/layered_source.h"
#include "runtime_config/python_text.h"
#include "runtime_config/values_file.h"

namespace freshet::runtime_config {
namespace {

class FileStore final : public OptionSource {
 public:
  explicit FileStore(std::string path) : path_(std::move(path)) {}

  Result<RawOptions> read() override {
    const auto text = read_file(path_);
    if (!text) return failure(ErrorKind::Retry, fmt::format("{} {}", path_, text.error().text));
    auto options = parse_options(*text);
    if (!options) return failure(ErrorKind::Retry, fmt::format("{}: {}", path_, options.error().text));
    return options;
  }
  std::string describe() const override { return "file:" + path_; }

 private:
  const std::string path_;
};

// Values that the process was started with.
class FixedStore final : public OptionSource {
 public:
  explicit FixedStore(RawOptions options) : options_(std::move(options)) {}

  Result<RawOptions> read() override { return options_; }
  std::string describe() const override { return "CONFIG_STATE"; }

 private:
  const RawOptions options_;
};

struct RedisAddress {
  std::string host;
  int port = 6379;
  int database = 1;
  std::string user;
  std::string password;
};

struct ContextFreed {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct ReplyFreed {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyFreed>;

bool parse_int(std::string_view text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// A single node, or any of a cluster's.
class RedisStore final : public OptionSource {
 public:
  RedisStore(RedisAddress address, std::string hash) : address_(std::move(address)), hash_(std::move(hash)) {}

  Result<RawOptions> read() override {
    Reply reply;
    for (int moves = 0; moves < 3; ++moves) {
      if (!context_) {
        if (const Status connected = connect(); !connected) return tl::make_unexpected(connected.error());
      }
      reply = command({"HGETALL", hash_});
      if (!reply || !move_to_owner(*reply)) break;
    }
    if (!reply || reply->type != REDIS_REPLY_ARRAY) return tl::make_unexpected(lost(reply.get()));
    RawOptions options;
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
      const redisReply* key = reply->element[i];
      const redisReply* value = reply->element[i + 1];
      if (key->type != REDIS_REPLY_STRING || value->type != REDIS_REPLY_STRING) continue;
      options.emplace(std::string(key->str, key->len), python_text({value->str, value->len}));
    }
    return options;
  }
  std::string describe() const override {
    return fmt::format("redis://{}:{}/{} {}", address_.host, address_.port, address_.database, hash_);
  }

 private:
  Reply command(const std::vector<std::string>& words) {
    std::vector<const char*> data;
    std::vector<size_t> sizes;
    for (const std::string& word : words) {
      data.push_back(word.data());
      sizes.push_back(word.size());
    }
    return Reply(static_cast<redisReply*>(
        redisCommandArgv(context_.get(), static_cast<int>(words.size()), data.data(), sizes.data())));
  }

  Status connect() {
    const timeval limit{1, 0};
    const RedisAddress& at = owner_ ? *owner_ : address_;
    context_.reset(redisConnectWithTimeout(at.host.c_str(), at.port, limit));
    if (!context_ || context_->err != 0) return tl::make_unexpected(lost(nullptr));
    redisSetTimeout(context_.get(), limit);
    if (!address_.password.empty()) {
      std::vector<std::string> words{"AUTH"};
      if (!address_.user.empty()) words.push_back(address_.user);
      words.push_back(address_.password);
      const Reply reply = command(words);
      if (!reply || reply->type == REDIS_REPLY_ERROR) return tl::make_unexpected(lost(reply.get()));
    }
    const Reply reply = command({"SELECT", std::to_string(address_.database)});
    if (!reply || reply->type == REDIS_REPLY_ERROR) return tl::make_unexpected(lost(reply.get()));
    return {};
  }

  // A node of a cluster that does not hold the hash answers with who does: MOVED SLOT HOST:PORT. An owner without a
  // host is the same one at another port. True: ask again.
  bool move_to_owner(const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ERROR) return false;
    const std::string_view text(reply.str, reply.len);
    const size_t space = text.rfind(' ');
    const size_t colon = text.rfind(':');
    int port = 0;
    if (!text.starts_with("MOVED ") || colon == std::string_view::npos || colon < space ||
        !parse_int(text.substr(colon + 1), port)) {
      return false;
    }
    owner_ = address_;
    if (colon > space + 1) owner_->host = text.substr(space + 1, colon - space - 1);
    owner_->port = port;
    context_.reset();
    return true;
  }

  // Describes the failure and forgets the connection, and whom a node has named; the next read begins anew.
  Error lost(const redisReply* reply) {
    std::string why = "no memory";
    if (reply != nullptr && reply->type == REDIS_REPLY_ERROR) {
      why.assign(reply->str, reply->len);
    } else if (reply != nullptr) {
      why = "the key is no hash";
    } else if (context_) {
      why = context_->errstr;
    }
    context_.reset();
    owner_.reset();
    return {ErrorKind::Retry, 0, fmt::format("{}: {}", describe(), why)};
  }

  const RedisAddress address_;
  const std::string hash_;
  std::optional<RedisAddress> owner_;  // of the hash, when the node at `address_` is not
  std::unique_ptr<redisContext, ContextFreed> context_;
};

// [[user]:password@]host[:port][/db]; user and password percent-decoded.
Result<RedisAddress> parse_address(std::string_view text) {
  RedisAddress address;
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = text.substr(0, at);
    const size_t colon = login.find(':');
    address.user = percent_decoded(login.substr(0, colon));
    if (colon != std::string_view::npos) address.password = percent_decoded(login.substr(colon + 1));
    text.remove_prefix(at + 1);
  }
  bool right = true;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view database = text.substr(slash + 1);
    right = database.empty() || (parse_int(database, address.database) && address.database >= 0);
    text = text.substr(0, slash);
  }
  if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    right = right && parse_int(text.substr(colon + 1), address.port) && address.port > 0 && address.port < 65536;
    text = text.substr(0, colon);
  }
  address.host = text;
  if (right && !address.host.empty()) return address;
  return failure(ErrorKind::Fatal, "--runtime-config: expected redis://[[USER]:PASSWORD@]HOST:PORT/DB");
}

Result<std::unique_ptr<OptionSource>> open_named_store(const RuntimeConfigSettings& settings) {
  const std::string& store = settings.store;
  if (store.starts_with("file:") && store.size() > 5) return std::make_unique<FileStore>(store.substr(5));
  if (store.starts_with("redis://")) {
    auto address = parse_address(std::string_view(store).substr(8));
    if (!address) return tl::make_unexpected(address.error());
    return std::make_unique<RedisStore>(*std::move(address), settings.redis_hash);
  }
  if (store.starts_with("rediss://")) {
    return failure(ErrorKind::Fatal,
                   "--runtime-config: Redis is not read over TLS; use a port without it or a proxy that adds it "
                   "(stunnel, a sidecar) with redis://..., or keep the options in a file: file:PATH");
  }
  return failure(ErrorKind::Fatal, "--runtime-config: expected file:PATH or redis://[[USER]:PASSWORD@]HOST:PORT/DB");
}

Result<std::unique_ptr<OptionSource>> open_stores(const RuntimeConfigSettings& settings) {
  if (settings.values_file.empty()) return open_named_store(settings);
  auto values = open_values_file(settings.values_file);
  if (settings.store.empty()) return values;
  auto named = open_named_store(settings);
  if (!named) return named;
  return std::make_unique<LayeredSource>(*std::move(named), std::move(values));
}

}  // namespace

Result<RawOptions> parse_options(const std::string& text) {
  RawOptions options;
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return options;
    if (!root.IsMap()) return failure(ErrorKind::Invalid, "expected a map of options, KEY: VALUE");
    for (const auto& entry : root) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) continue;  // not one of ours
      options[entry.first.Scalar()] = entry.second.Scalar();
    }
  } catch (const YAML::Exception& e) {
    return failure(ErrorKind::Invalid, fmt::format("line {}: {}", e.mark.line + 1, e.msg));
  }
  return options;
}

Result<std::unique_ptr<OptionSource>> open_store(const RuntimeConfigSettings& settings) {
  auto stores = open_stores(settings);
  if (!stores || settings.fixed.empty()) return stores;
  return std::make_unique<LayeredSource>(std::make_unique<FixedStore>(settings.fixed), *std::move(stores));
}

}  // namespace freshet::runtime_config
