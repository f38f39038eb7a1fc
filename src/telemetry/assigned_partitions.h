// The assigned partitions of this process, reported as tags of metrics and error events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace freshet::telemetry {

// None before the first assignment.
using AssignedPartitions = std::optional<std::vector<int32_t>>;

// The values of the tags `assigned_partitions` and `min_partition`, in the format of Snuba's consumers.
struct PartitionTags {
  std::string assigned;  // "0-3-17", ascending
  std::string least;     // the smallest partition; "none" for an empty assignment
};
PartitionTags partition_tags(std::vector<int32_t> partitions);

}  // namespace freshet::telemetry
