// Checks that this installation of OpenSSL provides what the ids of a data set are made with.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace freshet::processors {

enum class CryptoNeeds : uint8_t { Nothing, Md5, Md5AndRandom };

// Tries each need once. Fatal: MD5 is missing or gives a wrong digest, or there are no random bytes; the text names the
// likely cause and what to change.
Status check_crypto(CryptoNeeds needs);

}  // namespace freshet::processors
