// The client library's serialised group metadata, of any length.
#include <vector>

#include "kafka/identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size, so that the sanitizer sees a read beyond it.
  const std::vector<char> bytes(data, data + size);
  (void)freshet::kafka::parse_group_metadata(bytes.data(), bytes.size());
  return 0;
}
