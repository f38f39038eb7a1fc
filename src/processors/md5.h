// MD5, as the data sets use it: to make an id of a text, never for safety.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;

namespace freshet::processors {

// Every failure of OpenSSL throws std::runtime_error: an id is right, or there is none. The registry runs the self-test
// (crypto_check.h) before it makes a processor, so that a set-up without MD5 is refused at the start. Threads: one.
class Md5 {
 public:
  // Throws where OpenSSL has no MD5 (a FIPS-only setup).
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
