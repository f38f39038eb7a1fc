// Issues tokens for SASL OAUTHBEARER as a token server does: JWTs that are signed with an RSA key.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace freshet::testkit {

// Threads: one at a time.
class TokenIssuer {
 public:
  TokenIssuer();  // with a key of its own

  // The public key as a JSON Web Key Set, for the broker.
  std::string jwks() const;
  // A JWT of these claims, a JSON object, signed by RS256.
  std::string token(const std::string& claims) const;

 private:
  struct KeyFreed {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  };
  std::unique_ptr<EVP_PKEY, KeyFreed> key_;
};

}  // namespace freshet::testkit
