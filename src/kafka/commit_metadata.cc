#include "kafka/commit_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace freshet::kafka {
namespace {

constexpr std::string_view kWithoutPlan = "freshet/1 partitions=";
constexpr std::string_view kWithPlan = "freshet/2 partitions=";

}  // namespace

std::string CommitMetadata::text() const {
  if (plan.empty()) return fmt::format("{}{}", kWithoutPlan, partitions);
  return fmt::format("{}{} {}", kWithPlan, partitions, plan);
}

std::optional<CommitMetadata> parse_commit_metadata(std::string_view text) {
  if (text.empty()) return CommitMetadata{};
  const bool with_plan = text.starts_with(kWithPlan);
  if (!with_plan && !text.starts_with(kWithoutPlan)) return std::nullopt;
  text.remove_prefix(kWithPlan.size());
  CommitMetadata metadata;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), metadata.partitions);
  if (error != std::errc() || metadata.partitions < 1) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.empty() && text.front() != ' ') return std::nullopt;
  if (with_plan && text.size() < 2) return std::nullopt;
  if (with_plan) metadata.plan = text.substr(1);
  return metadata;
}

std::string_view metadata_of(const rd_kafka_topic_partition_t& partition) {
  return {static_cast<const char*>(partition.metadata), partition.metadata_size};
}

void set_metadata(rd_kafka_t* client, rd_kafka_topic_partition_t& partition, std::string_view text) {
  partition.metadata = rd_kafka_mem_malloc(client, text.size());
  std::copy(text.begin(), text.end(), static_cast<char*>(partition.metadata));
  partition.metadata_size = text.size();
}

}  // namespace freshet::kafka
