// Arbitrary bytes as a token: its claims are within their limits, or it has none.
#include <cstdlib>
#include <string_view>

#include "kafka/oauth_token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto claims = freshet::kafka::claims_of({reinterpret_cast<const char*>(data), size});
  if (claims && (claims->expires_ms < -1 || claims->expires_ms > 253'402'300'799'000)) std::abort();
  return 0;
}
