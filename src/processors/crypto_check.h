// Whether OpenSSL, as it is set up here, can do what a data set makes its ids with.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace freshet::processors {

enum class CryptoNeeds : uint8_t { Nothing, Md5, Md5AndRandom };

// Tries each once. Fatal: MD5 is missing or gives a wrong digest, or there are no random bytes; the text names the
// likely cause and what to change.
Status check_crypto(CryptoNeeds needs);

}  // namespace freshet::processors
