// Arbitrary bytes as the metadata of a committed offset. What has a plan survives a round trip.
#include <cstdlib>
#include <string>

#include "kafka/commit_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto metadata = freshet::kafka::parse_commit_metadata(text);
  if (!metadata || metadata->plan.empty()) return 0;
  const auto again = freshet::kafka::parse_commit_metadata(metadata->text());
  if (!again || again->partitions != metadata->partitions || again->plan != metadata->plan) std::abort();
  return 0;
}
