// The partitions of this process, as metrics and error events report them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace freshet::telemetry {

// None before the first assignment.
using AssignedPartitions = std::optional<std::vector<int32_t>>;

// The tags `assigned_partitions` and `min_partition`, as Snuba's consumers send them.
struct PartitionTags {
  std::string assigned;  // "0-3-17", ascending
  std::string least;     // "none" of an empty assignment
};
PartitionTags partition_tags(std::vector<int32_t> partitions);

}  // namespace freshet::telemetry
