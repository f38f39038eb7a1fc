// Arbitrary text as the plan in the metadata of a committed offset. What is readable survives a round trip.
#include <cstdlib>
#include <string>

#include "stream/partition_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using freshet::Offset;
  using freshet::stream::PartitionPlan;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Offset committed{5};
  const auto plan = PartitionPlan::parse(text, committed);
  if (!plan) return 0;
  const auto again = PartitionPlan::parse(plan->text(committed).text, committed);
  if (!again || !(*again == *plan)) std::abort();
  return 0;
}
