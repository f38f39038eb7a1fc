#include "snuba_outputs/cogs_aggregator.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

namespace freshet::snuba_outputs {
namespace {

constexpr int64_t kWindowSeconds = 60;

int64_t unix_seconds(SystemTime now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
                     key.first, quoted(resource_), quoted(key.second), amount)});
  }
  amounts_.clear();
  first_minute_.reset();
  return records;
}

}  // namespace freshet::snuba_outputs
