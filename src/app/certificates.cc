#include "app/certificates.h"

#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace freshet::app {
namespace {

constexpr std::array kBundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL, Fedora, Amazon Linux
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 10, Fedora 43
    "/etc/ssl/ca-bundle.pem",                             // openSUSE, SLES
};

}  // namespace

std::string certificate_bundle(bool openssl_finds_them, const std::function<bool(const char*)>& exists) {
  if (openssl_finds_them) return {};
  for (const char* const bundle : kBundles) {
    if (exists(bundle)) return bundle;
  }
  return {};
}

void find_certificates() {
  const auto is_set = [](const char* name) { return std::getenv(name) != nullptr; };
  const auto exists = [](const char* path) { return access(path, R_OK) == 0; };
  const bool found = is_set(X509_get_default_cert_file_env()) || is_set(X509_get_default_cert_dir_env()) ||
                     exists(X509_get_default_cert_file()) || exists(X509_get_default_cert_dir());
  if (const std::string bundle = certificate_bundle(found, exists); !bundle.empty()) {
    setenv(X509_get_default_cert_file_env(), bundle.c_str(), 0);
  }
}

}  // namespace freshet::app
