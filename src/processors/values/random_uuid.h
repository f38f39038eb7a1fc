// Random ids, for columns where Snuba generates one.
#pragma once

#include "processors/values/uuid.h"

namespace freshet::processors {

// A version 4 UUID. Throws std::runtime_error if OpenSSL has no random bytes, so an id is never predictable. The
// registry runs the self-test (crypto_check.h) before it creates a processor that needs this. Threads: any.
Uuid random_uuid();

}  // namespace freshet::processors
