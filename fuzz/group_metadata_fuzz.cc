// Arbitrary bytes as librdkafka's serialised group metadata.
#include <vector>

#include "kafka/identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // An exact copy, so that the sanitizer detects reads beyond the end.
  const std::vector<char> bytes(data, data + size);
  (void)freshet::kafka::parse_group_metadata(bytes.data(), bytes.size());
  return 0;
}
