// Ids by chance, where the reference makes one.
#pragma once

#include "processors/uuid.h"

namespace freshet::processors {

// Version 4. Throws std::runtime_error when OpenSSL gives no random bytes: an id is random, or there is none. The
// registry runs the self-test (crypto_check.h) before it makes a processor that needs it. Threads: any.
Uuid random_uuid();

}  // namespace freshet::processors
