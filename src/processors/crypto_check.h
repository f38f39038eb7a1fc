// Checks that the installed OpenSSL provides the algorithms that a data set needs for its ids.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace freshet::processors {

enum class CryptoNeeds : uint8_t { Nothing, Md5, Md5AndRandom };

// Tests each need once. Errors: Fatal if MD5 is missing or returns a wrong digest, or if there are no random bytes; the
// text names the likely cause and the fix.
Status check_crypto(CryptoNeeds needs);

}  // namespace freshet::processors
