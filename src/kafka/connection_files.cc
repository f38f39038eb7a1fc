#include "kafka/connection_files.h"

#include <algorithm>
#include <array>
#include <utility>

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

// As its name in log and metrics.
std::string name_of(std::string property) {
  std::replace(property.begin(), property.end(), '.', '_');
  return "kafka_" + property;
}

}  // namespace

std::vector<ConnectionFiles::Renewable> ConnectionFiles::renewable(const ConnectionSettings& settings,
                                                                   secrets::SecretStore* store) {
  std::vector<Renewable> all;
  if (store == nullptr) return all;
  if (const auto& password = settings.sasl_password; !password.from.empty()) {
    all.push_back({"", password, store->get("kafka_sasl_password", password)});
  }
  for (const auto& [property, source] : settings.extra_secrets) {
    all.push_back({property, source, store->get(name_of(property), source)});
  }
  return all;
}

ConnectionFiles::ConnectionFiles(ConnectionSettings settings, secrets::SecretStore* secrets)
    : settings_(std::move(settings)),
      renewable_(renewable(settings_, secrets)),
      contents_of_start_(read()),
      contents_(contents_of_start_) {
  for (const Renewable& one : renewable_) last_.push_back(one.source.value);
}

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
  for (size_t i = 0; i < renewable_.size(); ++i) {
    secrets::Secret current = renewable_[i].secret->current();
    if (current == last_[i]) continue;
    last_[i] = std::move(current);
    changed += (changed.empty() ? "" : ", ") + secrets::shown_source(renewable_[i].source.from);
  }
  return changed;
}

std::string ConnectionFiles::look_after_refusal(const std::stop_token& stop) {
  std::vector<secrets::Secret> refused;
  {
    MutexLock lock(mutex_);
    refused = last_;
  }
  for (size_t i = 0; i < renewable_.size(); ++i) renewable_[i].secret->after_refusal(refused[i], stop);
  return look();
}

void ConnectionFiles::refused_later() {
  for (const Renewable& one : renewable_) one.secret->refused_later();
}

ConnectionSettings ConnectionFiles::settings() const {
  ConnectionSettings settings = settings_;
  for (const Renewable& one : renewable_) {
    if (one.property.empty()) {
      settings.sasl_password.value = one.secret->current();
    } else {
      settings.extra[one.property] = one.secret->current().reveal();
    }
  }
  return settings;
}

}  // namespace freshet::kafka
