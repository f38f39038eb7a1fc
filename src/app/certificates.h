// Where a system keeps the certificates of the authorities that it trusts.
#pragma once

#include <functional>
#include <string>

namespace freshet::app {

// The first bundle of certificates that exists of those that the Linux distributions have. Empty if there is none, or
// if `openssl_finds_them` is true.
std::string certificate_bundle(bool openssl_finds_them, const std::function<bool(const char*)>& exists);

// Lets OpenSSL, and with it librdkafka and libcurl, find the certificates of this system: a program that contains
// OpenSSL looks for them where the distribution has them on which it was linked. If nothing is there, sets
// SSL_CERT_FILE in the environment, unless that or SSL_CERT_DIR is set. Call it before the first thread starts.
void find_certificates();

}  // namespace freshet::app
