#include "kafka/connection_files.h"

#include <array>
#include <utility>
#include <vector>

#include "base/files.h"

namespace freshet::kafka {
namespace {

constexpr std::array kFileProperties = {"ssl.ca.location", "ssl.certificate.location", "ssl.key.location",
                                        "ssl.keystore.location", "ssl.crl.location"};

std::vector<std::string> paths_of(const ConnectionSettings& settings) {
  std::vector<std::string> paths;
  for (const std::string& path : {settings.ssl_ca_file, settings.ssl_cert_file, settings.ssl_key_file}) {
    if (!path.empty()) paths.push_back(path);
  }
  for (const char* property : kFileProperties) {
    if (const auto found = settings.extra.find(property); found != settings.extra.end()) {
      paths.push_back(found->second);
    }
  }
  return paths;
}

std::shared_ptr<secrets::RenewableSecret> renewable(secrets::SecretStore* store,
                                                    const secrets::SecretSource& password) {
  if (store == nullptr || password.from.empty()) return nullptr;
  return store->get("kafka_sasl_password", password);
}

}  // namespace

ConnectionFiles::ConnectionFiles(ConnectionSettings settings, secrets::SecretStore* secrets)
    : settings_(std::move(settings)),
      password_(renewable(secrets, settings_.sasl_password)),
      contents_of_start_(read()),
      contents_(contents_of_start_),
      last_password_(settings_.sasl_password.value) {}

ConnectionFiles::Contents ConnectionFiles::read() const {
  Contents contents;
  for (const std::string& path : paths_of(settings_)) {
    if (auto content = read_file(path, kMaxSecretFile)) contents[path] = *std::move(content);
  }
  return contents;
}

std::string ConnectionFiles::look() {
  std::string changed;
  Contents now = read();
  MutexLock lock(mutex_);
  for (auto& [path, content] : now) {
    std::string& last = contents_[path];
    if (last == content) continue;
    last = std::move(content);
    changed += (changed.empty() ? "" : ", ") + path;
  }
  if (password_ && password_->current() != last_password_) {
    last_password_ = password_->current();
    changed += (changed.empty() ? "" : ", ") + secrets::shown_source(settings_.sasl_password.from);
  }
  return changed;
}

std::string ConnectionFiles::look_after_refusal(const std::stop_token& stop) {
  secrets::Secret refused;
  {
    MutexLock lock(mutex_);
    refused = last_password_;
  }
  if (password_) password_->after_refusal(refused, stop);
  return look();
}

void ConnectionFiles::refused_later() {
  if (password_) password_->refused_later();
}

ConnectionSettings ConnectionFiles::settings() const {
  ConnectionSettings settings = settings_;
  if (password_) settings.sasl_password.value = password_->current();
  return settings;
}

}  // namespace freshet::kafka
