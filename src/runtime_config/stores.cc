#include "runtime_config/stores.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>

#include "base/files.h"
#include "base/percent.h"
#include "runtime_config/layered_source.h"
#include "runtime_config/redis_store.h"
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

bool parse_int(std::string_view text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// [[user]:password@]host[:port][/db]; user and password are percent-decoded.
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

Result<std::unique_ptr<OptionSource>> open_named_store(const RuntimeConfigSettings& settings,
                                                       secrets::SecretStore* secrets) {
  const std::string& store = settings.store;
  if (store.starts_with("file:") && store.size() > 5) return std::make_unique<FileStore>(store.substr(5));
  if (store.starts_with("redis://")) {
    auto address = parse_address(std::string_view(store).substr(8));
    if (!address) return tl::make_unexpected(address.error());
    std::shared_ptr<secrets::RenewableSecret> password;
    if (address->password.empty()) {
      address->password = settings.password.reveal();
      if (secrets != nullptr) password = secrets->get("runtime_config_password", settings.password);
    }
    return open_redis_store(*std::move(address), settings.redis_hash, std::move(password));
  }
  if (store.starts_with("rediss://")) {
    return failure(ErrorKind::Fatal,
                   "--runtime-config: Redis is not read over TLS; use a port without it or a proxy that adds it "
                   "(stunnel, a sidecar) with redis://..., or keep the options in a file: file:PATH");
  }
  return failure(ErrorKind::Fatal, "--runtime-config: expected file:PATH or redis://[[USER]:PASSWORD@]HOST:PORT/DB");
}

Result<std::unique_ptr<OptionSource>> open_stores(const RuntimeConfigSettings& settings,
                                                  secrets::SecretStore* secrets) {
  if (settings.values_file.empty()) return open_named_store(settings, secrets);
  auto values = open_values_file(settings.values_file);
  if (settings.store.empty()) return values;
  auto named = open_named_store(settings, secrets);
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
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) continue;  // not a live option
      options[entry.first.Scalar()] = entry.second.Scalar();
    }
  } catch (const YAML::Exception& e) {
    return failure(ErrorKind::Invalid, fmt::format("line {}: {}", e.mark.line + 1, e.msg));
  }
  return options;
}

Result<std::unique_ptr<OptionSource>> open_store(const RuntimeConfigSettings& settings, secrets::SecretStore* secrets) {
  auto stores = open_stores(settings, secrets);
  if (!stores || settings.fixed.empty()) return stores;
  return std::make_unique<LayeredSource>(std::make_unique<FixedStore>(settings.fixed), *std::move(stores));
}

}  // namespace freshet::runtime_config
