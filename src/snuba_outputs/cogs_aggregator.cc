#include "snuba_outputs/cogs_aggregator.h"

#include <fmt/format.h>

#include <chrono>

#include "base/json.h"

namespace freshet::snuba_outputs {
namespace {

constexpr int64_t kWindowSeconds = 60;

int64_t unix_seconds(SystemTime now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
}

}  // namespace

void CogsAggregator::add(const std::vector<UsageBytes>& bytes, SystemTime now) {
  if (bytes.empty()) return;
  const int64_t seconds = unix_seconds(now);
  const int64_t minute = seconds - seconds % kWindowSeconds;
  if (!first_minute_) first_minute_ = minute;
  for (const UsageBytes& one : bytes) amounts_[{minute, one.label}] += one.bytes;
}

bool CogsAggregator::due(SystemTime now) const {
  return first_minute_ && unix_seconds(now) - *first_minute_ >= kWindowSeconds;
}

std::vector<ProducerRecord> CogsAggregator::take() {
  std::vector<ProducerRecord> records;
  for (const auto& [key, amount] : amounts_) {
    records.push_back(
        {std::nullopt,
         fmt::format(R"({{"timestamp":{},"shared_resource_id":{},"app_feature":{},"usage_unit":"bytes","amount":{}}})",
                     key.first, quoted_json(resource_), quoted_json(key.second), amount)});
  }
  amounts_.clear();
  first_minute_.reset();
  return records;
}

}  // namespace freshet::snuba_outputs
