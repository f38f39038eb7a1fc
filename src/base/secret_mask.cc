#include "base/secret_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace freshet {
namespace {

constexpr std::string_view kMask = "***";

// As in the query of an URL.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace

SecretMask::SecretMask(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) add(secret);
}

void SecretMask::add(const std::string& secret) {
  if (secret.empty()) return;
  MutexLock lock(mutex_);
  for (const std::string& form : {secret, percent_encoded(secret)}) {
    if (std::find(secrets_.begin(), secrets_.end(), form) != secrets_.end()) continue;
    const auto place = std::find_if(secrets_.begin(), secrets_.end(),
                                    [&](const std::string& other) { return other.size() < form.size(); });
    secrets_.insert(place, form);
  }
}

std::string SecretMask::masked(std::string_view text) const {
  std::string out(text);
  MutexLock lock(mutex_);
  for (const std::string& secret : secrets_) {
    for (size_t at = 0; (at = out.find(secret, at)) != std::string::npos; at += kMask.size()) {
      out.replace(at, secret.size(), kMask);
    }
  }
  return out;
}

}  // namespace freshet
