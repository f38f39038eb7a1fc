// MD5. The data sets use it to derive ids from text, never for security.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;

namespace freshet::processors {

// Throws std::runtime_error if OpenSSL fails, so an id is never wrong. The registry runs the self-test (crypto_check.h)
// before it creates a processor, so an installation without MD5 is refused at startup. Threads: one.
class Md5 {
 public:
  // Throws if OpenSSL has no MD5 (a FIPS-only setup).
  Md5();
  std::array<uint8_t, 16> digest(std::string_view text) const;

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const;
    void operator()(EVP_MD* algorithm) const;
  };
  std::unique_ptr<EVP_MD, Free> algorithm_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace freshet::processors
