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
  for (const std::string& path :
       {settings.sasl_password_file, settings.ssl_ca_file, settings.ssl_cert_file, settings.ssl_key_file}) {
    if (!path.empty()) paths.push_back(path);
  }
  for (const char* property : kFileProperties) {
    if (const auto found = settings.extra.find(property); found != settings.extra.end()) {
      paths.push_back(found->second);
    }
  }
  return paths;
}

}  // namespace

ConnectionFiles::ConnectionFiles(ConnectionSettings settings, SecretMask* mask)
    : settings_(std::move(settings)),
      mask_(mask),
      contents_of_start_(read()),
      contents_(contents_of_start_),
      password_(settings_.sasl_password) {}

ConnectionFiles::Contents ConnectionFiles::read() const {
  Contents contents;
  for (const std::string& path : paths_of(settings_)) {
    auto content = path == settings_.sasl_password_file ? read_secret(path) : read_file(path, kMaxSecretFile);
    if (content) contents[path] = *std::move(content);
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
    if (path == settings_.sasl_password_file) {
      password_ = last;
      if (mask_ != nullptr) mask_->add(password_);
    }
    changed += (changed.empty() ? "" : ", ") + path;
  }
  return changed;
}

ConnectionSettings ConnectionFiles::settings() const {
  ConnectionSettings settings = settings_;
  MutexLock lock(mutex_);
  settings.sasl_password = password_;
  return settings;
}

}  // namespace freshet::kafka
