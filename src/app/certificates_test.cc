#include "app/certificates.h"

#include <gmock/gmock.h>

#include <string_view>

namespace freshet::app {
namespace {

TEST(CertificatesTest, AreWhereTheDistributionHasThem) {
  const auto on_a_system_with = [](std::string_view file) {
    return certificate_bundle(false, [file](const char* path) { return path == file; });
  };
  for (const char* const bundle : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                   "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem"}) {
    EXPECT_EQ(on_a_system_with(bundle), bundle);
  }
  EXPECT_EQ(on_a_system_with("/somewhere/else.pem"), "");
}

TEST(CertificatesTest, AreNotSearchedForIfOpenSslFindsThem) {
  EXPECT_EQ(certificate_bundle(true, [](const char*) { return true; }), "");
}

}  // namespace
}  // namespace freshet::app
