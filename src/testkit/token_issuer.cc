#include "testkit/token_issuer.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "base/base64url.h"

namespace freshet::testkit {
namespace {

constexpr unsigned kBits = 2048;
constexpr const char* kKeyName = "test-key";

void check(bool done) {
  if (!done) throw std::runtime_error("OpenSSL fails");
}

std::string number_of(const EVP_PKEY* key, const char* parameter) {
  BIGNUM* raw = nullptr;
  check(EVP_PKEY_get_bn_param(key, parameter, &raw) == 1);
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(raw, BN_free);
  std::string bytes(static_cast<size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return to_base64url(bytes);
}

}  // namespace

TokenIssuer::TokenIssuer() : key_(EVP_RSA_gen(kBits)) { check(key_ != nullptr); }

std::string TokenIssuer::jwks() const {
  return fmt::format(R"({{"keys":[{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{}","n":"{}","e":"{}"}}]}})", kKeyName,
                     number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N), number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E));
}

std::string TokenIssuer::token(const std::string& claims) const {
  const std::string text =
      to_base64url(fmt::format(R"({{"alg":"RS256","typ":"JWT","kid":"{}"}})", kKeyName)) + "." + to_base64url(claims);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  check(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  check(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  check(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) ==
        1);
  signature.resize(size);
  return text + "." + to_base64url(signature);
}

}  // namespace freshet::testkit
