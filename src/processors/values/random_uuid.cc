#include "processors/values/random_uuid.h"

#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace freshet::processors {

Uuid random_uuid() {
  std::array<uint8_t, 16> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes, which ids of events need");
  }
  return Uuid::version_4(bytes);
}

}  // namespace freshet::processors
