#include "processors/crypto_check.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "processors/values/md5.h"
#include "processors/values/random_uuid.h"

namespace freshet::processors {
namespace {

// RFC 1321, A.5: the digest of "abc".
constexpr std::array<uint8_t, 16> kDigestOfAbc = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                                  0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};

std::string advice() {
  const char* const file = std::getenv("OPENSSL_CONF");
  const std::string where = file == nullptr ? "OpenSSL's openssl.cnf" : fmt::format("OPENSSL_CONF={}", file);
  return fmt::format(
      "MD5 is used for ids, not for security. Load OpenSSL's default provider (see {}; a FIPS-only setup "
      "has no MD5), or run this data set elsewhere",
      where);
}

}  // namespace

Status check_crypto(CryptoNeeds needs) {
  if (needs == CryptoNeeds::Nothing) return {};
  try {
    if (Md5().digest("abc") != kDigestOfAbc) throw std::runtime_error("OpenSSL's MD5 gives wrong digests");
    if (needs == CryptoNeeds::Md5AndRandom && random_uuid() == random_uuid()) {
      throw std::runtime_error("OpenSSL gives the same random bytes twice");
    }
  } catch (const std::runtime_error& error) {
    return failure(ErrorKind::Fatal, fmt::format("{}. {}", error.what(), advice()));
  }
  return {};
}

}  // namespace freshet::processors
