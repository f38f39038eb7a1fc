#include "processors/values/md5.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace freshet::processors {

void Md5::Free::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
void Md5::Free::operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }

Md5::Md5() : algorithm_(EVP_MD_fetch(nullptr, "MD5", nullptr)), context_(EVP_MD_CTX_new()) {
  if (!algorithm_ || !context_) throw std::runtime_error("OpenSSL has no MD5, which ids of events need");
}

std::array<uint8_t, 16> Md5::digest(std::string_view text) const {
  std::array<uint8_t, 16> out{};
  unsigned size = 0;
  const bool made = EVP_DigestInit_ex(context_.get(), algorithm_.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1 &&
                    EVP_DigestFinal_ex(context_.get(), out.data(), &size) == 1 && size == out.size();
  if (!made) throw std::runtime_error("OpenSSL's MD5, which ids of events need, failed");
  return out;
}

}  // namespace freshet::processors
