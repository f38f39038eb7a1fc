#include "telemetry/assigned_partitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace freshet::telemetry {

PartitionTags partition_tags(std::vector<int32_t> partitions) {
  std::sort(partitions.begin(), partitions.end());
  return {fmt::format("{}", fmt::join(partitions, "-")),
          partitions.empty() ? "none" : std::to_string(partitions.front())};
}

}  // namespace freshet::telemetry
