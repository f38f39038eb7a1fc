#include "processors/random_uuid.h"

#include <openssl/rand.h>

#include <stdexcept>

namespace freshet::processors {

Uuid random_uuid() {
  Uuid uuid;
  if (RAND_bytes(uuid.bytes.data(), static_cast<int>(uuid.bytes.size())) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes, which ids of events need");
  }
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);  // version 4
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
  return uuid;
}

}  // namespace freshet::processors
